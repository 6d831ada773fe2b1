import { CfnOutput, Duration, type Stack } from 'aws-cdk-lib'
import { AdjustmentType, MetricAggregationType } from 'aws-cdk-lib/aws-applicationautoscaling'
import { SubnetType } from 'aws-cdk-lib/aws-ec2'
import { Cluster, ContainerInsights, FargateService, Secret as TaskSecret } from 'aws-cdk-lib/aws-ecs'
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'

import { createAlarms } from './alarms.ts'
import { createBalancer } from './balancer.ts'
import { createDatabase } from './database.ts'
import type { Environment } from './environment.ts'
import { queueOldestSeconds } from './metrics.ts'
import { API_PORT, createNetwork, NETWORK, type Network } from './network.ts'
import { type FargateOptions, type Options, stackName } from './options.ts'
import type { Secrets } from './secrets.ts'
import { createTask } from './tasks.ts'

/** Those of docker-compose.yml. */
const WORKER = ['node', '--max-old-space-size=512', '--max-semi-space-size=4', 'workers/main.ts']

interface ServiceParts {
  readonly options: Options
  readonly fargate: FargateOptions
  /** Of buckets and CDN. */
  readonly environment: Environment
  /** What the service may do. */
  readonly policy: IManagedPolicy
  readonly secrets: Secrets
  readonly key: IKey | null
}

/** API and workers on Fargate behind a load balancer, with Postgres, alarms and a dashboard, in a network of their own. */
export function createService(stack: Stack, parts: ServiceParts): void {
  const { options, fargate } = parts
  const network = createNetwork(stack)
  const database = createDatabase(stack, network, parts.key)
  const cluster = new Cluster(stack, 'Cluster', { vpc: network.vpc, containerInsightsV2: ContainerInsights.ENABLED })
  const password = database.instance.secret
  if (!password) throw new Error('a database without a password')
  const stage = stackName(options.stage)
  const environment: Environment = {
    ...parts.environment,
    DATABASE_URL: database.url,
    // The first task of a release brings the schema up to date, which tasks of the release before run on as well.
    MIGRATE: 'on',
    PORT: String(API_PORT),
    HOST: '0.0.0.0',
    PUBLIC_URL: `https://${options.handler.domain}`,
    TRUSTED_PROXIES: NETWORK,
    RENDERERS: '2',
    DRAIN_SECONDS: '15',
    CLOUDWATCH_STAGE: stage,
  }
  const secrets = { ...parts.secrets.variables, PGPASSWORD: TaskSecret.fromSecretsManager(password, 'password') }
  const common = { fargate, environment: environment as Record<string, string>, secrets, policy: parts.policy }
  const apiTask = createTask(stack, 'Api', { ...common, command: null })
  apiTask.container.addPortMappings({ containerPort: API_PORT })
  const workerTask = createTask(stack, 'Worker', { ...common, command: WORKER })

  const api = runTask(stack, 'ApiService', { cluster, network, task: apiTask.task, desiredCount: 2 })
  const worker = runTask(stack, 'WorkerService', { cluster, network, task: workerTask.task, desiredCount: 1 })
  const { balancer, targets } = createBalancer(stack, { network, api, certificateArn: fargate.certificateArn })
  scaleApi(api)
  scaleWorkers(worker, { stage, workersMax: fargate.workersMax })
  createAlarms(stack, { stage, alarmEmail: fargate.alarmEmail, balancer, targets, api, worker, database })
  new CfnOutput(stack, 'BalancerDomain', {
    value: balancer.loadBalancerDnsName,
    description: `Point ${options.handler.domain} to it`,
  })
}

/** New tasks must be ready before old ones stop; if they do not become so, the deployment is undone. */
function runTask(
  stack: Stack,
  id: string,
  parts: {
    cluster: Cluster
    network: Network
    task: ReturnType<typeof createTask>['task']
    desiredCount: number
  },
): FargateService {
  const { cluster, network, task, desiredCount } = parts
  return new FargateService(stack, id, {
    cluster,
    taskDefinition: task,
    desiredCount,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    securityGroups: [network.ofService],
    assignPublicIp: false,
    circuitBreaker: { enable: true, rollback: true },
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    enableECSManagedTags: true,
  })
}

function scaleApi(api: FargateService): void {
  const scaling = api.autoScaleTaskCount({ minCapacity: 2, maxCapacity: 10 })
  scaling.scaleOnCpuUtilization('Cpu', {
    targetUtilizationPercent: 60,
    scaleOutCooldown: Duration.minutes(1),
    scaleInCooldown: Duration.minutes(5),
  })
}

/** By how long the oldest job has been waiting: the length of the queue says little about how long it takes. */
function scaleWorkers(worker: FargateService, { stage, workersMax }: { stage: string; workersMax: number }): void {
  const scaling = worker.autoScaleTaskCount({ minCapacity: 1, maxCapacity: workersMax })
  scaling.scaleOnMetric('QueueAge', {
    metric: queueOldestSeconds(stage),
    metricAggregationType: MetricAggregationType.MAXIMUM,
    adjustmentType: AdjustmentType.CHANGE_IN_CAPACITY,
    scalingSteps: [
      { upper: 5, change: -1 },
      { lower: 60, change: +1 },
      { lower: 600, change: +3 },
    ],
    evaluationPeriods: 3,
    cooldown: Duration.minutes(3),
  })
}
