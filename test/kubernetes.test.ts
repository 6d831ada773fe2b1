import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig } from '../src/core/config.ts'
import { VARIABLES } from '../src/core/variables.ts'
import { WORKER_FLAGS } from '../src/embedded/supervise.ts'
import { readDockerfile } from './support/container.ts'

const FOLDER = path.join(import.meta.dirname, '../deploy/k8s')
const read = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8')
const kustomization = parse(read('kustomization.yaml')) as { resources: string[] }

/** The fields that we use; https://kubernetes.io/docs/reference/kubernetes-api/ */
interface Probe {
  readonly exec?: { command: string[] }
  readonly httpGet?: { path: string; port: string }
  readonly periodSeconds: number
  readonly failureThreshold: number
}
interface Container {
  readonly command?: string[]
  readonly ports?: { name: string; containerPort: number }[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly [other: string]: unknown
}
interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> }
  readonly data?: Record<string, string>
  readonly spec: Record<string, unknown>
}

const manifests = kustomization.resources.flatMap((file) =>
  parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest),
)
const find = (kind: string, name = '') =>
  manifests.filter((one) => one.kind === kind && one.metadata.name.startsWith(name))
const podOf = ({ spec }: Manifest) =>
  (
    spec.template as {
      metadata: { labels: { app: string } }
      spec: { containers: Container[]; terminationGracePeriodSeconds: number; [other: string]: unknown }
    }
  ).spec
const pods = [...find('Deployment'), ...find('Job')].map((one) => [one.metadata.name, podOf(one)] as const)
const containerOf = (name: string) => pods.find(([each]) => each === name)?.[1].containers[0]
const config = find('ConfigMap')[0]?.data ?? {}

describe('the manifests of Kubernetes', () => {
  it('are all part of the kustomization', () => {
    const files = readdirSync(FOLDER).filter((file) => /\.yaml$/.test(file) && file !== 'kustomization.yaml')
    expect([...kustomization.resources].sort()).toEqual(files.sort())
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      ...['ConfigMap', 'Deployment', 'Deployment', 'HorizontalPodAutoscaler', 'Job', 'Namespace', 'NetworkPolicy'],
      ...['NetworkPolicy', 'PodDisruptionBudget', 'PodDisruptionBudget', 'Service', 'ServiceAccount'],
    ])
    // No secret is in a file.
    expect(find('Secret')).toEqual([])
  })

  it.each(pods)('%s runs confined: no root, no capabilities, a read-only root, limited memory', (_name, pod) => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(pod.automountServiceAccountToken).toBe(false)
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.anything() },
        limits: { memory: expect.anything() },
      })
      expect(container.volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }])
      expect(container.envFrom).toEqual([
        { configMapRef: { name: 'afterimage' } },
        { secretRef: { name: 'afterimage' } },
      ])
    }
  })

  it('has an environment that the service accepts, with the secrets of its README', () => {
    const secrets = [...read('README.md').matchAll(/--from-literal=(\w+)=/g)].map(([, name = '']) => name)
    expect(secrets).toEqual(['DATABASE_URL', 'ADMIN_TOKENS', 'URL_SECRETS', 'ORIGIN_SECRET'])
    const names = new Set<string>(VARIABLES.map(({ name }) => name))
    expect([...Object.keys(config), ...secrets].filter((name) => !names.has(name))).toEqual([])
    const { drainSeconds, metrics } = loadConfig(config)
    expect([drainSeconds, metrics]).toEqual([15, { host: '0.0.0.0', port: 9464 }])
  })

  it('sends no request to an API that drains, and kills none that does', () => {
    const api = pods.find(([name]) => name === 'afterimage-api')?.[1]
    const { readinessProbe, ports } = containerOf('afterimage-api') ?? {}
    expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' })
    expect(ports).toContainEqual({
      name: 'http',
      containerPort: Number(VARIABLES.find(({ name }) => name === 'PORT')?.default),
    })
    const drainS = Number(config.DRAIN_SECONDS)
    expect((readinessProbe?.periodSeconds ?? 0) * (readinessProbe?.failureThreshold ?? 0)).toBeLessThan(drainS)
    // A process gives up closing after 20 s.
    expect(api?.terminationGracePeriodSeconds).toBeGreaterThan(drainS + 20)
  })

  it('replaces a process whose heartbeat stops, by the check of the image', () => {
    for (const name of ['afterimage-api', 'afterimage-worker'])
      expect(containerOf(name)?.livenessProbe?.exec?.command).toEqual(['sh', '-c', readDockerfile().healthCheck])
  })

  it('starts the programs of the image', () => {
    expect(containerOf('afterimage-api')?.command).toBeUndefined()
    expect(containerOf('afterimage-worker')?.command).toEqual(['node', ...WORKER_FLAGS, 'workers/main.ts'])
    expect(containerOf('afterimage-migrate')?.command).toEqual(['node', 'src/bin/afterimage.ts', 'migrate', '--apply'])
  })

  it('selects pods that exist, and names ports that they have', () => {
    const labels = new Set([...find('Deployment'), ...find('Job')].map(({ metadata: { name } }) => name))
    const text = JSON.stringify(manifests)
    for (const [, app = ''] of text.matchAll(/"app":"([^"]+)"/g)) expect(labels).toContain(app)
    const [hpa] = find('HorizontalPodAutoscaler')
    expect(hpa?.spec).toMatchObject({ scaleTargetRef: { kind: 'Deployment', name: 'afterimage-api' }, minReplicas: 2 })
    for (const { spec } of find('PodDisruptionBudget')) expect(spec.maxUnavailable).toBe(1)
    const [ofAll, ofApi] = find('NetworkPolicy').map(({ spec }) => spec)
    expect(ofAll).toMatchObject({ policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: [{ port: 9464 }] }] })
    expect(ofApi).toMatchObject({ policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 4000 }] }] })
  })

  it('is accepted by kubeconform and kubernetes-validate, or rendered by kubectl, where they are installed', () => {
    const files = kustomization.resources.map((file) => path.join(FOLDER, file))
    const checked = spawnSync('kubeconform', ['-strict', '-summary', ...files], { encoding: 'utf8' })
    if (!checked.error) expect([checked.status, checked.stderr]).toEqual([0, ''])
    const validated = spawnSync('kubernetes-validate', ['--strict', ...files], { encoding: 'utf8' })
    if (!validated.error)
      expect([validated.status, validated.stdout]).toEqual([0, expect.not.stringContaining('ERROR')])
    const rendered = spawnSync('kubectl', ['kustomize', FOLDER], { encoding: 'utf8' })
    if (rendered.error) return
    expect([rendered.status, rendered.stderr]).toEqual([0, ''])
    expect(rendered.stdout).toContain('image: registry.example.com/afterimage:0.1.0')
    expect(parseAllDocuments(rendered.stdout)).toHaveLength(manifests.length)
  })
})
