import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { routeOf } from '../../src/http/observe-requests.ts'
import { importItems } from '../../src/import/import-items.ts'
import { TASK_NAMES } from '../../src/jobs/registry.ts'
import { publishMetrics } from '../../src/monitoring/publish-metrics.ts'
import { boundLabel } from '../../src/telemetry/metrics.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import {
  ADMIN_TOKEN,
  entry,
  importDrawings,
  readMetrics,
  tempDirectory,
  testApp,
  testConfig,
  testServer,
} from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

const { groups } = parse(read('deploy/prometheus/alerts.yml')) as {
  groups: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] }[]
}
const rules = groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(read('deploy/grafana/afterimage.json')) as {
  panels: { title: string; targets?: { expr: string }[] }[]
}
const queries = [
  ...rules.map(({ alert, expr }) => ({ name: alert, expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ name: title, expr }))),
]

/** The metrics that a PromQL expression reads, with the labels it names. */
function metricsIn(expr: string): { name: string; labels: string[] }[] {
  const groupings = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/\s*,\s*/))
  const plain = expr.replaceAll(/\bby\s*\([^)]*\)/g, ' ')
  return [...plain.matchAll(/\b([a-z_][a-z0-9_]*)\b(?!\s*\()(?:\{([^}]*)\})?(?![a-z0-9_]*["=~])/g)]
    .filter(([, name = '']) => !/^(and|or|unless|offset|bool|by)$/.test(name) && !isInside(plain, name))
    .map(([, name = '', matchers = '']) => ({
      name,
      labels: [...groupings, ...[...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label)],
    }))
}

/** Whether a word only occurs within braces or quotes. */
const isInside = (expr: string, word: string) =>
  !new RegExp(`\\b${word}\\b`).test(expr.replaceAll(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]/g, ''))

/** Added by Prometheus to what it scrapes, and those of a histogram's buckets. */
const SCRAPED_LABELS = ['job', 'instance', 'le']

interface Exported {
  readonly type: string
  readonly labels: ReadonlySet<string>
}

/** The metrics of a text that Prometheus would scrape: name of the series -> type and labels. */
function seriesOf(text: string): Map<string, Exported> {
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]))
  const series = new Map<string, Exported>()
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z]\w*)(?:\{([^}]*)\})? \S+$/gm)) {
    const type = types.get(name) ?? types.get(name.replace(/_(bucket|sum|count)$/, '')) ?? ''
    const found = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)
    series.set(name, { type, labels: new Set([...(series.get(name)?.labels ?? []), ...found]) })
  }
  return series
}

const sampleOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  )

it('a loaded API and worker export every metric of the dashboard and the alert rules', async () => {
  const config = await testConfig({ METRICS_PORT: '0' })
  const app = await testApp(config)
  const { url, metricsUrl } = await testServer(app)
  await importDrawings(app, 3)
  const broken = entry('broken', ' <svg>')
  await importItems({ pg: app.pg, originals: app.stores.originals }, [broken])
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  const before = await readMetrics(url)
  for (const key of [keys[0], keys[0], keys[1], `${keys[1]?.slice(0, -7)}aa.webp`])
    await (await fetch(`${url}/images/${key}`)).arrayBuffer()
  await fetch(`${url}/nowhere`)
  const worker = startWorker(app, { METRICS_PORT: '0', LOG_FORMAT: 'json', LOG_LEVEL: 'info' })
  await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'x-request-id': 'the-backfill',
    },
    body: JSON.stringify({ query: 'mutation { startBackfill { id } }' }),
  })
  const workerUrl = await until(() => /"url":"(http:[^"]+\/metrics)"/.exec(worker.said())?.[1] ?? null, 60_000)
  await until(async () => (await app.prisma.backfill.count({ where: { status: 'COMPLETED' } })) === 1, 60_000)
  // One that cannot end, so that it is shown.
  await app.pg.query(`update backfill set status = 'RUNNING', finished_at = null, is_cut = false`)

  const ofWorker = await (await fetch(workerUrl)).text()
  // Its state is read again after ten seconds.
  const ofApi = await until(async () => {
    const text = await (await fetch(`${metricsUrl}/metrics`)).text()
    return text.includes('backfill_items{') ? text : null
  }, 30_000)

  const added = (series: string) => sampleOf(ofApi, series) - (sampleOf(before, series) || 0)
  expect({
    made: added('image_total{outcome="made",preset="thumbnail"}'),
    requests: added('http_requests_total{route="images",method="GET",status="200"}'),
    unknown: added('http_requests_total{route="console",method="GET",status="404"}'),
    misses: added('image_miss_seconds_count'),
    renders: sampleOf(ofApi, 'renders_total'),
    live: sampleOf(ofApi, 'workers_live'),
    open: sampleOf(ofApi, 'takedown_open'),
    ready: sampleOf(ofApi, 'coverage{preset="thumbnail",state="ready"}'),
  }).toEqual({ made: 3, requests: 3, unknown: 1, misses: 2, renders: 2, live: 1, open: 0, ready: 3 })
  // The id went with the jobs, through the plan to its chunks.
  const failed = worker
    .said()
    .split('\n')
    .filter((line) => line.includes('a render failed'))
  expect(failed.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'warn', requestId: 'the-backfill', vendor: 'acme', code: expect.any(String) },
  ])
  expect(ofWorker).toMatch(/^render_failures_total\{code="\w+",vendor="acme"\} 1$/m)
  expect(sampleOf(ofWorker, 'job_seconds_count{task="run_chunk",result="ok"}')).toBeGreaterThan(0)
  expect(sampleOf(ofWorker, 'cpu_seconds_total{role="renderer"}')).toBeGreaterThan(0.1)
  expect(sampleOf(ofApi, 'cpu_seconds_total{role="api"}')).toBeGreaterThan(0.1)
  for (const stage of ['source', 'render', 'store', 'record', 'lock'])
    expect(sampleOf(ofWorker, `image_stage_seconds_count{stage="${stage}"}`), stage).toBeGreaterThan(0)
  // The state of the installation is read once, not by each of fifty workers.
  expect(seriesOf(ofWorker).has('workers_live')).toBe(false)

  // Without buckets, webhooks, failures and dead workers there are names and no series.
  const declared = new Set([...`${ofApi}\n${ofWorker}`.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name))
  const series = new Map([...seriesOf(ofWorker), ...seriesOf(ofApi)])
  const isKnown = (name: string) => declared.has(name) || declared.has(name.replace(/_(bucket|sum|count)$/, ''))
  const read = queries.flatMap(({ name, expr }) => metricsIn(expr).map((metric) => ({ query: name, ...metric })))
  expect(read.length).toBeGreaterThan(50)
  expect(read.filter(({ name }) => !isKnown(name))).toEqual([])
  const unlabelled = read.flatMap(({ query, name, labels }) =>
    labels
      .filter((label) => !SCRAPED_LABELS.includes(label))
      .filter((label) => series.get(name)?.labels.size && !series.get(name)?.labels.has(label))
      .map((label) => ({ query, name, label })),
  )
  expect(unlabelled).toEqual([])
  // Only what increases is a counter.
  for (const [name, { type }] of series)
    if (/_total$/.test(name) && !name.startsWith('nodejs_')) expect([name, type]).toEqual([name, 'counter'])
  for (const { expr, name } of queries)
    for (const [, counted = ''] of expr.matchAll(/(?:rate|increase)\((\w+)/g))
      expect([name, counted]).toEqual([name, expect.stringMatching(/_(total|bucket|sum|count)$/)])
})

it('what CloudWatch scales and alarms by is one line in its embedded format', async () => {
  const app = await testApp()
  await app.pg.query(`select graphile_worker.add_job('make_rest', '{"itemIds":[]}', run_at => now() - interval '90 s')`)
  const lines: string[] = []
  await publishMetrics(app, { stage: 'test', write: (line) => lines.push(line) }).close()
  const { _aws: directive, ...values } = JSON.parse(lines.join('\n'))
  expect(values).toMatchObject({ Stage: 'test', queue_ready: 1, workers_live: 0, takedown_oldest_seconds: 0 })
  expect(values.queue_oldest_seconds).toBeGreaterThanOrEqual(90)
  const [{ Namespace, Dimensions, Metrics }] = directive.CloudWatchMetrics
  expect([Namespace, Dimensions]).toEqual(['Afterimage', [['Stage']]])
  expect(Metrics.map(({ Name }: { Name: string }) => Name).sort()).toEqual(
    Object.keys(values)
      .filter((name) => name !== 'Stage')
      .sort(),
  )
  expect(Math.abs(Date.now() - directive.Timestamp)).toBeLessThan(600_000)
})

describe('the alert rules', () => {
  it('have a runbook each, and name tasks that exist', () => {
    const anchors = [...read('deploy/runbooks.md').matchAll(/^## (\w+)$/gm)].map(
      ([, name = '']) => `deploy/runbooks.md#${name.toLowerCase()}`,
    )
    expect(rules.map(({ annotations }) => annotations.runbook).sort()).toEqual([...anchors].sort())
    expect(
      rules.map(({ alert, annotations }) => annotations.runbook.endsWith(`#${alert.toLowerCase()}`)),
    ).not.toContain(false)
    const tasks = queries.flatMap(({ expr }) =>
      [...expr.matchAll(/task=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|')),
    )
    expect(tasks.length).toBeGreaterThan(0)
    expect(tasks.filter((task) => !TASK_NAMES.some((name) => name === task))).toEqual([])
  })

  it('are accepted by promtool, where it is installed', async () => {
    const checked = promtool(['check', 'config', path.join(ROOT, 'deploy/prometheus/prometheus.yml')])
    if (checked) expect([checked.status, checked.stderr]).toEqual([0, ''])
    const tested = promtool(['test', 'rules', path.join(ROOT, 'deploy/prometheus/alerts.test.yml')])
    if (tested) expect([tested.status, tested.stderr]).toEqual([0, ''])
    // The queries of the dashboard, as rules; Grafana fills in its variables.
    const recorded = queries.map(({ expr }, index) => ({
      record: `query_${index}`,
      expr: expr.replaceAll(/\$__\w+/g, '5m'),
    }))
    const file = path.join(await tempDirectory(), 'queries.json')
    await writeFile(file, JSON.stringify({ groups: [{ name: 'queries', rules: recorded }] }))
    const read = promtool(['check', 'rules', file])
    if (read) expect([read.status, read.stderr]).toEqual([0, ''])
    expect(readdirSync(path.join(ROOT, 'deploy/prometheus'))).toContain('prometheus.yml')
  })
})

describe('labels', () => {
  it('have a bounded number of values', () => {
    const vendor = boundLabel(2)
    expect(['a', 'b', 'c', 'a', 'd'].map(vendor)).toEqual(['a', 'b', 'other', 'a', 'other'])
    const routes = ['/', '/images/a/b.webp', '/images', '/graphql', '/constructor', '/a?b', '/i/x', '//', '/__proto__']
    expect(routes.map(routeOf)).toEqual([
      ...['console', 'images', 'images', 'graphql', 'console', 'console', 'stable', 'console', 'console'],
    ])
  })
})

/** Null where promtool is not installed. */
function promtool(
  args: readonly string[],
  input = '',
): { status: number | null; stdout: string; stderr: string } | null {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null
  return { status, stdout, stderr }
}
