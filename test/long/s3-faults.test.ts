import fs from 'node:fs'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { startBackfill } from '../../src/backfill/backfills.ts'
import { planBackfill } from '../../src/backfill/plan.ts'
import { checkRequest } from '../../src/backfill/request.ts'
import { runChunk } from '../../src/backfill/run-chunk.ts'
import { WHOLE_CATALOGUE } from '../../src/catalogue/scope.ts'
import { loadConfig } from '../../src/core/config.ts'
import { openStores } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { md5Of, variantKeyOf } from '../../src/variants/make.ts'
import { openFaultProxy } from '../support/fault-proxy.ts'
import { testBuckets } from '../support/s3.ts'
import { ask, importDrawings, readMetrics, testApp, testConfig, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

const RATES = { broken: 0.05, slowDown: 0.05, reset: 0.02, stalled: 0.01, cut: 0.01 }
const ROUNDS = 420
/** As many as have a connection each. */
const AT_ONCE = 32

const keyOf = (round: number) => `a/${String(round).padStart(5, '0')}.webp`
const bytesOf = (round: number) => Buffer.alloc(20 + ((round * 7919) % 20_000), `picture ${round} `)

/** Runs `work` for each number below `count`, this many at once. */
async function each(count: number, work: (round: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Five operations per round: each kind, each response checked. Every third object is deleted again. */
async function runRound(store: Store, round: number): Promise<void> {
  const key = keyOf(round)
  const bytes = bytesOf(round)
  await store.put(key, bytes, { contentType: 'image/webp', replace: round % 2 === 0 })
  expect(await store.head(key)).toEqual({ bytes: bytes.length })
  const start = await store.get(key, { range: { from: 4, to: 16 } })
  expect(start).toEqual(bytes.subarray(4, 16))
  const found = await store.get(key)
  expect(found?.equals(bytes)).toBe(true)
  const listed = []
  for await (const found of store.list(key)) listed.push(found.key)
  expect(listed).toEqual([key])
  if (round % 3 === 0) await store.delete([key])
}

const openTestStores = async (env: Record<string, string>) => {
  const stores = await openStores(loadConfig({ ...env, RENDERERS: '2' }))
  onTestFinished(stores.close)
  return stores
}

/**
 * Six attempts that each fail with probability 0.14 all fail once in 130,000 operations: 99.999 %. Five stalls, which use up an
 * operation's time, are even rarer. So none of these fails, whatever the seed.
 */
it('an S3 that fails one request in seven loses and damages nothing', async () => {
  const proxy = await openFaultProxy({ seed: 1, rates: RATES })
  const env = await testBuckets(proxy.url)
  const { previews } = await openTestStores(env)
  const before = proxy.total()
  proxy.switchTo('faulty')
  await each(ROUNDS, (round) => runRound(previews, round))
  for (const kind of Object.keys(RATES)) expect(proxy.faults).toHaveProperty(kind)
  const operations = ROUNDS * 5 + ROUNDS / 3
  expect((proxy.total() - before) / operations).toBeLessThanOrEqual(1.3)

  const direct = await openTestStores({ ...env, AWS_ENDPOINT_URL_S3: inject('s3Url') })
  const there = new Map<string, string | null>()
  for await (const { key, etag } of direct.previews.list('')) there.set(key, etag)
  const left = Array.from({ length: ROUNDS }, (_, round) => round).filter((round) => round % 3 !== 0)
  expect([...there.keys()]).toEqual(left.map(keyOf))
  await each(left.length, async (index) => {
    const round = left[index] as number
    const bytes = bytesOf(round)
    expect(there.get(keyOf(round))).toBe(md5Of(bytes))
    expect((await direct.previews.get(keyOf(round)))?.equals(bytes)).toBe(true)
  })
}, 120_000)

/** An API with one renderer on buckets behind a proxy, with imported drawings. */
async function openService(count: number) {
  const proxy = await openFaultProxy()
  const env = await testBuckets(proxy.url)
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  await importDrawings(app, count)
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const urls = items.map((item) => `${url}/images/${variantKeyOf(app, item, { preset: 'preview', format: 'WEBP' })}`)
  return { proxy, env, app, url, urls }
}

/** What outside clients see: no bucket, no host, nothing that a CDN caches. */
async function expectUnavailable(at: string): Promise<void> {
  const response = await fetch(at)
  expect([response.status, response.headers.get('retry-after'), response.headers.get('cache-control')]).toEqual([
    503,
    '1',
    'no-store',
  ])
  // A placeholder picture.
  expect([response.headers.get('x-afterimage-error'), response.headers.get('content-type')]).toEqual([
    'UNAVAILABLE',
    'image/webp',
  ])
}

describe('an unavailable S3', () => {
  it('makes requests 503 and a backfill wait; then both continue, and nothing has failed', async () => {
    const { proxy, env, app, url, urls } = await openService(150)
    const [made = '', never = ''] = [urls[0], urls.at(-1)]
    expect((await fetch(made)).status).toBe(200)
    const worker = startWorker(app)
    const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
    const read = async () => {
      const query = `{ backfill(id: "${data.startBackfill.id}") { status doneItems failedItems imagesMade } }`
      return (await ask<{ backfill: Record<string, unknown> }>(url, query)).data.backfill
    }
    for (const away of ['gone', 'silent'] as const) {
      const { imagesMade } = await read()
      await until(async () => Number((await read()).imagesMade) > Number(imagesMade))
      const waits = worker.said().split('a chunk waits').length
      proxy.switchTo(away)
      await Promise.all([
        expectUnavailable(made),
        expectUnavailable(never),
        until(() => worker.said().split('a chunk waits').length > waits),
      ])
      proxy.switchTo('healthy')
      expect((await fetch(made)).status).toBe(200)
    }
    await until(async () => (await read()).status !== 'RUNNING', 60_000)
    expect(await read()).toMatchObject({ status: 'COMPLETED', doneItems: 150, failedItems: 0 })
    expect((await fetch(never)).status).toBe(200)
    expect(await app.prisma.renderFailure.count()).toBe(0)

    const direct = await openTestStores({ ...env, AWS_ENDPOINT_URL_S3: inject('s3Url') })
    const there = new Map<string, string | null>()
    for await (const { key, etag } of direct.previews.list('')) there.set(key, etag)
    const images = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' } })
    expect(images).toHaveLength(450)
    expect(there).toEqual(new Map(images.map(({ objectKey, md5 }) => [objectKey, md5])))
  }, 120_000)

  it('is reported by /readyz, without its name or address, and takes no API out of rotation', async () => {
    const { proxy, url } = await openService(1)
    const read = async () => {
      const response = await fetch(`${url}/readyz`)
      const text = await response.text()
      return { status: response.status, text, body: JSON.parse(text) }
    }
    const well = { ok: true, ms: expect.any(Number) }
    expect(await read()).toMatchObject({
      status: 200,
      body: {
        ready: true,
        degraded: false,
        checks: { database: well, renderer: well, originals: well, previews: well },
      },
    })
    proxy.switchTo('gone')
    const away = { ok: false, ms: expect.any(Number), code: expect.stringMatching(/^(UNAVAILABLE|TIMEOUT)$/) }
    const answer = await until(async () => {
      const now = await read()
      return now.body.checks.previews.ok === false && now
    })
    expect(answer).toMatchObject({ status: 200, body: { ready: true, degraded: true } })
    expect(answer.body.checks).toEqual({ database: well, renderer: well, originals: away, previews: away })
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|bucket/)
    expect(await readMetrics(url)).toMatch(/^check_ok\{check="previews"\} 0$/m)
    proxy.switchTo('healthy')
    await until(async () => !(await read()).body.degraded)
  })

  it('is retried a few times for each request, not more', async () => {
    const { proxy, urls } = await openService(1)
    proxy.switchTo('gone')
    await expectUnavailable(urls[0] as string)
    expect(proxy.asked.connection).toBe(6)
  })
})

it('an S3 that denies access gets one request, and the log says what to grant', async () => {
  const { proxy, env, app, urls } = await openService(3)
  const request = checkRequest(app.presets, { scope: WHOLE_CATALOGUE })
  const { id } = await startBackfill(app, request)
  await planBackfill(app, id)
  const chunk = await app.prisma.backfillChunk.findFirstOrThrow()
  proxy.switchTo('denied')
  const before = proxy.total()
  const said = vi.spyOn(fs, 'writeSync')
  onTestFinished(() => void said.mockRestore())
  await expectUnavailable(urls[0] as string)
  expect(proxy.total() - before).toBe(1)
  const lines = said.mock.calls.map(([, line]) => String(line))
  expect(lines).toHaveLength(1)
  const { sourceKey } = await app.prisma.item.findFirstOrThrow({ orderBy: { id: 'asc' } })
  for (const word of [sourceKey, env.ORIGINALS_BUCKET, 'AccessDenied', 's3:GetObject']) expect(lines[0]).toContain(word)

  await expect(runChunk(app, chunk.id, new AbortController().signal)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`grant s3:GetObject and s3:ListBucket on ${env.ORIGINALS_BUCKET}`),
  })
  // One for each of the two items that it works on at once, none twice.
  expect(proxy.total() - before).toBe(3)
  proxy.switchTo('healthy')
  expect(await runChunk(app, chunk.id, new AbortController().signal)).toBe('done')
  expect((await fetch(urls[0] as string)).status).toBe(200)
  expect(await app.prisma.renderFailure.count()).toBe(0)
})
