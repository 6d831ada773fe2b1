import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { importItems } from '../src/import/import-items.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { openCollector, printTrace } from './support/collector.ts'
import { ADMIN_TOKEN, ask, entry, importDrawings, testApp } from './support/setup.ts'
import { until } from './support/until.ts'
import { startApi, startWorker } from './support/worker.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const ROOT = path.join(import.meta.dirname, '..')

it('requests, their stages and the jobs of a backfill are sent to a collector, as one trace each', async () => {
  const app = await testApp()
  await importDrawings(app, 2)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('broken', ' <svg>')])
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  const collector = await openCollector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=of-the-collector' }
  const api = await startApi(app, env)
  const worker = startWorker(app, { ...env, OTEL_SERVICE_NAME: 'previews' })

  const get = (key = '', headers: Record<string, string> = {}) => fetch(`${api.url}/images/${key}`, { headers })
  const made = await get(`${keys[0]}?signature=hidden`, {
    traceparent: `00-${TRACE}-${CALLER}-01`,
    'x-request-id': 'first',
  })
  const stored = await get(keys[0], { 'x-request-id': 'second' })
  const failed = await get(keys[2], { 'x-request-id': 'third' })
  const unsampled = await get(keys[0], { traceparent: `00-${'1'.repeat(32)}-${CALLER}-00` })
  await fetch(`${api.url}/healthz`)
  expect([made.status, stored.status, failed.status, unsampled.status]).toEqual([200, 200, 422, 200])
  const { data } = await ask<{ startBackfill: { id: string } }>(api.url, 'mutation { startBackfill { id } }')
  expect(data.startBackfill.id).toBeTruthy()
  await until(async () => (await app.prisma.backfill.count({ where: { status: 'COMPLETED' } })) === 1, 60_000)
  // Spans are sent every 5 s, and the rest when a process stops.
  for (const { child } of [api, worker]) child.kill('SIGTERM')
  expect(await Promise.all([api.gone, worker.gone])).toEqual([
    [0, null],
    [0, null],
  ])

  const spans = collector.spans()
  const traceOf = (requestId: string) => {
    const root = spans.find(({ attributes }) => attributes['afterimage.request_id'] === requestId)
    return spans.filter(({ traceId }) => traceId === root?.traceId)
  }
  const first = traceOf('first')
  expect(printTrace(first, CALLER)).toEqual([
    'GET images',
    ...['locate', 'admission', 'lock', 'source', 'render', 'store', 'record'].map((stage) => `  ${stage}`),
  ])
  const named = (name: string, trace = first) => trace.find((span) => span.name === name)
  expect(named('GET images')).toMatchObject({
    service: 'afterimage-api',
    traceId: TRACE,
    attributes: {
      'http.request.method': 'GET',
      'http.route': 'images',
      'http.response.status_code': 200,
      'afterimage.request_id': 'first',
      'afterimage.outcome': 'made',
      'afterimage.preset': 'thumbnail',
      'afterimage.vendor': 'acme',
    },
  })
  expect(named('render')?.attributes).toEqual({ 'afterimage.engine': 'resvg', 'afterimage.vendor': 'acme' })
  expect(printTrace(traceOf('second'), '')).toEqual(['GET images', '  locate'])
  // It is too new for a stored one: edges of a CDN may request it at the same time.
  expect(named('GET images', traceOf('second'))?.attributes).toMatchObject({ 'afterimage.outcome': 'made' })
  const third = traceOf('third')
  expect(named('GET images', third)?.attributes).toMatchObject({ 'afterimage.outcome': 'failed' })
  const code = /^\w+/.exec(await failed.text())?.[0]
  expect(named('render', third)?.attributes).toEqual({ 'error.type': code })
  expect(spans.map(({ name, traceId }) => [name, traceId])).not.toContainEqual(['GET healthz', expect.anything()])
  expect(spans.map(({ traceId }) => traceId)).not.toContain('1'.repeat(32))

  const started = spans.find(({ name }) => name === 'startBackfill')
  const backfill = spans.filter(({ traceId }) => traceId === started?.traceId)
  const lines = printTrace(backfill, '')
  expect(lines.slice(0, 4)).toEqual(['POST graphql', '  startBackfill', '    plan_backfill', '    run_chunk'])
  const stages = new Set(lines.slice(4))
  expect([...stages].sort()).toEqual(
    ['lock', 'record', 'render', 'source', 'store'].map((stage) => `      ${stage}`).sort(),
  )
  expect(named('run_chunk', backfill)).toMatchObject({
    service: 'previews',
    attributes: {
      'afterimage.task': 'run_chunk',
      'afterimage.request_id': named('POST graphql', backfill)?.attributes['afterimage.request_id'],
    },
  })

  expect(collector.headers).toContainEqual(expect.objectContaining({ 'x-key': 'of-the-collector' }))
  const sent = collector.bodies.join('\n')
  for (const secret of [ADMIN_TOKEN, 'test-url-secret', 'hidden', 'of-the-collector', keys[0], items[0]?.sourceKey])
    expect(sent).not.toContain(secret)
})

it('loads OpenTelemetry in one file, which is imported only where there is a collector', () => {
  const files = ['src', 'workers'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  const naming = (text: RegExp) =>
    files.filter((file) => file.endsWith('.ts') && text.test(readFileSync(path.join(ROOT, file), 'utf8')))
  expect(naming(/'@opentelemetry\//)).toEqual(['src/telemetry/opentelemetry.ts'])
  expect(naming(/opentelemetry\.ts'/)).toEqual(['src/telemetry/tracing.ts'])
  expect(naming(/from '[^']*opentelemetry\.ts'/)).toEqual([])
})
