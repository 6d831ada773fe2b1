import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import { VARIABLES } from '../../src/core/variables.ts'
import { WORKER_FLAGS } from '../../src/embedded/supervise.ts'
import { FARGATE, openSynth, print } from './synth.ts'

const open = openSynth()
const service = open.service({ alarmEmail: 'ops@acme.test', workersMax: '20' })
const storage = open.storage(FARGATE)
const containerOf = (id: string) => service.properties('AWS::ECS::TaskDefinition', id).ContainerDefinitions[0]
const valuesOf = (id: string): [string, string][] =>
  containerOf(id).Environment.map(({ Name, Value }: Record<string, unknown>) => [Name, print(Value)])

describe('a task', () => {
  it.each(['Api', 'Worker'])('%s is not root, writes only to /tmp, and is replaced when its heartbeat stops', (id) => {
    const { Volumes, RuntimePlatform } = service.properties('AWS::ECS::TaskDefinition', id)
    expect(RuntimePlatform).toEqual({ CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' })
    expect(containerOf(id)).toMatchObject({
      ReadonlyRootFilesystem: true,
      LinuxParameters: { InitProcessEnabled: true },
      MountPoints: [{ ContainerPath: '/tmp', SourceVolume: 'tmp' }],
      HealthCheck: { Command: ['CMD-SHELL', 'find "$HEARTBEAT_FILE" -mmin -1 | grep -q .'] },
      StopTimeout: 60,
    })
    expect(Volumes).toEqual([{ Name: 'tmp' }])
  })

  it('runs on x64 if asked to', () => {
    const onX64 = open.service({ architecture: 'x64' })
    for (const [, { Properties }] of onX64.all('AWS::ECS::TaskDefinition'))
      expect(Properties.RuntimePlatform.CpuArchitecture).toBe('X86_64')
  })

  it('runs the API as the image does, and a worker with the flags of npm start', () => {
    expect(containerOf('Api').Command).toBeUndefined()
    expect(containerOf('Worker').Command).toEqual(['node', ...WORKER_FLAGS, 'workers/main.ts'])
  })

  it('has the variables of the service; no secret is among them, and none is in a template', () => {
    const secrets: string[] = containerOf('Api').Secrets.map(({ Name }: { Name: string }) => Name)
    expect(secrets.sort()).toEqual(['ADMIN_TOKENS', 'EVENTS_TOKEN', 'ORIGIN_SECRET', 'PGPASSWORD', 'URL_SECRETS'])
    expect(containerOf('Worker').Secrets).toEqual(containerOf('Api').Secrets)
    const values = new Map(valuesOf('Api'))
    const known = new Set<string>(VARIABLES.map(({ name }) => name))
    expect([...values.keys()].filter((name) => !known.has(name))).toEqual([])
    const url = String(values.get('DATABASE_URL'))
    expect(url).toMatch(/^postgres:\/\/afterimage@.*\?uselibpqcompat=true&sslmode=require$/)
    const config = loadConfig({
      ...Object.fromEntries([...values].filter(([, value]) => /^[\w./:?=@-]+$/.test(value) && !value.includes('Ref'))),
      ...{ AWS_REGION: 'eu-central-1', DATABASE_URL: 'postgres://afterimage@db/afterimage' },
      ...{ ORIGINALS_BUCKET: 'originals', PREVIEWS_BUCKET: 'previews', CLOUDFRONT_DISTRIBUTION_ID: 'E2QWRUHAPOMQZL' },
      ...{ PUBLIC_IMAGE_URL: 'https://images.acme.test' },
    })
    expect(config).toMatchObject({ host: '0.0.0.0', publicUrl: 'https://api.acme.test', drainSeconds: 15 })
    for (const [, { Properties }] of storage.all('AWS::SecretsManager::Secret'))
      expect(Properties).toMatchObject({ GenerateSecretString: { PasswordLength: 48 } })
    expect(storage.all('AWS::SecretsManager::Secret')).toHaveLength(4)
  })

  it('may pull the image of a private registry, and a public one without a permission', () => {
    const actions = (resources: typeof service) => JSON.stringify(resources.template.toJSON().Resources)
    expect(actions(service)).toContain('ecr:BatchGetImage')
    expect(actions(open.service({ image: 'registry.acme.test/afterimage:0.1.0' }))).not.toContain('ecr:')
  })
})

describe('the services', () => {
  it('undo a deployment that does not become ready, and stop no task before another is ready', () => {
    for (const id of ['ApiService', 'WorkerService'])
      expect(service.properties('AWS::ECS::Service', id)).toMatchObject({
        LaunchType: 'FARGATE',
        DeploymentConfiguration: {
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
          MinimumHealthyPercent: 100,
          MaximumPercent: 200,
        },
        NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
      })
  })

  it('have more workers when the oldest job has been waiting for longer than a minute', () => {
    const targets = service.all('AWS::ApplicationAutoScaling::ScalableTarget').map(([, { Properties }]) => Properties)
    expect(targets.map(({ MinCapacity, MaxCapacity }) => [MinCapacity, MaxCapacity]).sort()).toEqual([
      [1, 20],
      [2, 10],
    ])
    const ageAlarms = service
      .all('AWS::CloudWatch::Alarm')
      .filter(([id, { Properties }]) => /^WorkerService/.test(id) && Properties.MetricName === 'queue_oldest_seconds')
      .map(([, { Properties }]) => Properties)
    expect(ageAlarms).toHaveLength(2)
    for (const alarm of ageAlarms)
      expect(alarm).toMatchObject({
        Namespace: 'Afterimage',
        Dimensions: [{ Name: 'Stage', Value: 'Afterimage' }],
        Statistic: 'Maximum',
      })
    expect(ageAlarms.map(({ Threshold }) => Threshold).sort((a, b) => a - b)).toEqual([5, 60])
    expect(new Map(valuesOf('Api')).get('CLOUDWATCH_STAGE')).toBe('Afterimage')
  })

  it('are reached over https alone, where /readyz says so, and for less time than an API drains after it does not', () => {
    expect(service.properties('AWS::ElasticLoadBalancingV2::TargetGroup')).toMatchObject({
      HealthCheckPath: '/readyz',
      HealthCheckIntervalSeconds: 5,
      UnhealthyThresholdCount: 2,
    })
    expect(5 * 2).toBeLessThan(Number(new Map(valuesOf('Api')).get('DRAIN_SECONDS')))
    const listeners = service.all('AWS::ElasticLoadBalancingV2::Listener').map(([, { Properties }]) => Properties)
    expect(listeners).toMatchObject([
      { Port: 80, DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS' } }] },
      { Port: 443, Protocol: 'HTTPS', Certificates: [{ CertificateArn: FARGATE.originCertificateArn }] },
    ])
  })
})

it('Postgres has a standby in another zone, 14 days of backups, encryption, and is reached by the service alone', () => {
  expect(service.properties('AWS::RDS::DBInstance')).toMatchObject({
    MultiAZ: true,
    BackupRetentionPeriod: 14,
    StorageEncrypted: true,
    DeletionProtection: true,
    PubliclyAccessible: false,
  })
  expect(service.resource('AWS::RDS::DBInstance')?.DeletionPolicy).toBe('Snapshot')
  expect(service.properties('AWS::RDS::DBParameterGroup').Parameters).toEqual({ 'rds.force_ssl': '1' })
  const [[, ingress] = []] = service.all('AWS::EC2::SecurityGroupIngress').filter(([id]) => /^DatabaseGroup/.test(id))
  expect(ingress?.Properties).toMatchObject({ FromPort: 5432, ToPort: 5432, IpProtocol: 'tcp' })
  expect(print(ingress?.Properties.SourceSecurityGroupId)).toMatch(/^ServiceGroup/)
})

it('alarms are sent to whoever asked for them, each with what to do, and are on a dashboard', () => {
  expect(service.properties('AWS::SNS::Subscription')).toMatchObject({ Protocol: 'email', Endpoint: 'ops@acme.test' })
  const alarms = service.all('AWS::CloudWatch::Alarm').filter(([, { Properties }]) => Properties.AlarmDescription)
  const described = alarms.filter(([id]) => !/^(Api|Worker)Service/.test(id))
  expect(described.length).toBeGreaterThanOrEqual(9)
  for (const [id, { Properties }] of described) {
    expect(Properties.AlarmActions, id).toHaveLength(1)
    expect(Properties.AlarmDescription, id).toMatch(/\. .*\.$/)
  }
  const body = JSON.stringify(service.properties('AWS::CloudWatch::Dashboard').DashboardBody)
  for (const metric of ['queue_oldest_seconds', 'workers_live', 'TargetResponseTime', 'FreeStorageSpace'])
    expect(body).toContain(metric)
})

it('EventBridge announces uploads with a token of its own, and the CDN sends a secret of its own', () => {
  const { ApiKeyValue } = storage.properties('AWS::Events::Connection').AuthParameters.ApiKeyAuthParameters
  expect(print(ApiKeyValue)).toMatch(/^Bearer \{\{resolve:secretsmanager:EventsToken/)
  const [, handler] = storage.distribution().Origins
  expect(print(handler.OriginCustomHeaders[0].HeaderValue)).toMatch(/^\{\{resolve:secretsmanager:OriginSecret/)
})
