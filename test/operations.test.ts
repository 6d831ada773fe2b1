import { createClient } from 'graphql-sse'
import { describe, expect, it } from 'vitest'
import { importItems } from '../src/import/import-items.ts'
import { enqueue } from '../src/jobs/enqueue.ts'
import { heartbeat } from '../src/jobs/workers.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { warmRemainingPresets } from '../src/variants/warm.ts'
import { ADMIN_TOKEN, ask, drawing, entry, importDrawings, svg, testApp, testServer } from './support/setup.ts'

const PRESET = 'thumbnail'

async function open() {
  const app = await testApp()
  const { url } = await testServer(app)
  const keyOf = async (slug: string) =>
    variantKeyOf(app, await app.prisma.item.findFirstOrThrow({ where: { slug } }), { preset: PRESET, format: 'WEBP' })
  const get = async (key: string) => (await fetch(`${url}/images/${key}`)).status
  return { app, url, keyOf, get }
}

const codeOf = ({ errors }: { errors?: readonly { extensions: { code: string } }[] }) => errors?.[0]?.extensions.code

describe('operations', () => {
  it('counts the catalogue, requests by their outcome, waiting times, workers and webhooks', async () => {
    const { app, url, keyOf, get } = await open()
    await importDrawings(app, 3)
    const keys = await Promise.all([0, 1, 2].map((number) => keyOf(`item-${number}`)))
    for (const key of keys) expect(await get(key)).toBe(200)
    await app.pg.query(`update image set made_at = now() - interval '1 hour'`)
    expect(await get(keys[0] as string)).toBe(200)
    expect(await get((keys[0] as string).replace(/\..{16}\./, `.${'a'.repeat(16)}.`))).toBe(404)
    app.deliveries.count('refused')
    // As recorded by a release without these columns.
    await app.pg.query(`update delivery_count set made = made + 1`)
    await app.pg.query(`insert into delivery_count (hour, stored, made) values (now() - interval '2 hours', 5, 6)`)

    await heartbeat(app.pg, 'long-queue')
    await heartbeat(app.pg, 'urgent-queue')
    await enqueue(app.pg, 'make_rest', { itemIds: [1, 2] })
    await app.pg.query(
      // Not what the requests above queue.
      `update graphile_worker._private_jobs set locked_by = 'urgent-queue', locked_at = now() - interval '3 s' where payload ->> 'itemIds' = '[1,2]'`,
    )
    const query = `{ operations { vendors items images requests { stored made refused notFound } missP50Ms missP95Ms
      workers { host pid startedAt heartbeatAt jobs { task startedAt subject } } webhooksWaiting webhooksDead deliveryStatus } }`
    type Answer = { operations: { missP50Ms: number; missP95Ms: number; workers: { startedAt: string }[] } }
    const { data, errors } = await ask<Answer>(url, query)
    expect(errors).toBeUndefined()
    expect(data.operations).toMatchObject({
      vendors: 1,
      items: 3,
      images: 3,
      requests: { stored: 6, made: 9, refused: 1, notFound: 1 },
      webhooksWaiting: 0,
      webhooksDead: 0,
      deliveryStatus: 'WARNING',
    })
    expect(data.operations.missP50Ms).toBeGreaterThan(0)
    expect(data.operations.missP95Ms).toBeGreaterThanOrEqual(data.operations.missP50Ms)
    expect(data.operations.workers).toEqual([
      expect.objectContaining({
        pid: process.pid,
        jobs: [{ task: 'make_rest', startedAt: expect.any(String), subject: '2 items' }],
      }),
    ])
    const misses = await app.prisma.deliveryCount.findMany({ orderBy: { hour: 'desc' } })
    expect(misses[0]?.missCounts.reduce((sum, count) => sum + count, 0)).toBe(3)
    for (const field of ['operations { items }', 'latestImages { url }', 'failureCounts { code }'])
      expect(codeOf(await ask(url, `{ ${field} }`, { token: null }))).toBe('FORBIDDEN')
  })

  it('shows the pictures made last, in a list and as they are made', async () => {
    const { app, url, keyOf, get } = await open()
    await importDrawings(app, 3)
    const [first, second, hidden] = await Promise.all([0, 1, 2].map((number) => keyOf(`item-${number}`)))
    expect(await get(first as string)).toBe(200)
    const client = createClient({ url: `${url}/graphql`, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    type Made = { preset: string; url: string; madeAt: string; item: { slug: string } }
    const FIELDS = 'preset url width height bytes madeAt item { slug }'
    const messages = client.iterate<{ imagesMade: Made[] }>({ query: `subscription { imagesMade { ${FIELDS} } }` })
    const next = async () => (await messages.next()).value?.data?.imagesMade as Made[]
    expect((await next()).map(({ item }) => item.slug)).toEqual(['item-0'])
    expect(await get(second as string)).toBe(200)
    const made = await next()
    expect(made.map(({ url: each, preset, item }) => [each, preset, item.slug])).toEqual([
      [`${url}/images/${second}`, PRESET, 'item-1'],
    ])
    await messages.return?.()
    const progress = client.iterate<{ operationsProgress: { images: number } }>({
      query: 'subscription { operationsProgress { images } }',
    })
    expect((await progress.next()).value?.data).toEqual({ operationsProgress: { images: 2 } })
    await progress.return?.()
    client.dispose()

    expect(await get(hidden as string)).toBe(200)
    await takeDown(
      app,
      { type: 'ITEM', id: (await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-2' } })).id },
      'x',
    )
    const latest = (args: string) => ask<{ latestImages: Made[] }>(url, `{ latestImages${args} { ${FIELDS} } }`)
    expect((await latest('')).data.latestImages.map(({ item }) => item.slug)).toEqual(['item-1', 'item-0'])
    expect((await latest('(first: 1)')).data.latestImages.map(({ item }) => item.slug)).toEqual(['item-1'])
    expect(codeOf(await latest('(first: 101)'))).toBe('BAD_INPUT')

    const { data } = await ask<{ items: { nodes: { image: { madeAt: string | null; renderMs: number | null } }[] } }>(
      url,
      `{ items(first: 2) { nodes { image(preset: "${PRESET}") { madeAt renderMs } } } }`,
    )
    expect(data.items.nodes[0]?.image).toEqual({ madeAt: expect.any(String), renderMs: expect.any(Number) })
  })
})

it('viewer says who asks, and what they may do', async () => {
  const { url } = await open()
  const query = '{ viewer { name scopes vendor { username } } }'
  type Answer = { viewer: { name: string; scopes: string[] } }
  expect((await ask<Answer>(url, query, { token: null })).data.viewer).toEqual({
    name: 'anonymous',
    scopes: ['catalogue:read'],
    vendor: null,
  })
  const { viewer } = (await ask<Answer>(url, query)).data
  expect([viewer.name, viewer.scopes.includes('operations:read')]).toEqual(['admin', true])
})

describe('failures', () => {
  it('are counted by code, have a remedy, and are retried: one item, or those of a code', async () => {
    const { app, url, keyOf, get } = await open()
    const stores = { pg: app.pg, originals: app.stores.originals }
    await importItems(stores, [
      entry('blank', svg('')),
      entry('empty', svg('<g/>')),
      entry('lost', drawing(1)),
      entry('other', svg(''), { vendor: 'zeta' }),
    ])
    await app.stores.originals.delete([(await app.prisma.item.findFirstOrThrow({ where: { slug: 'lost' } })).sourceKey])
    for (const slug of ['blank', 'empty', 'lost', 'other']) expect(await get(await keyOf(slug))).toBe(422)
    const counts = async (args = '') =>
      (await ask<{ failureCounts: object[] }>(url, `{ failureCounts${args} { code count } }`)).data.failureCounts
    expect(await counts()).toEqual([
      { code: 'BLANK', count: 3 },
      { code: 'SOURCE_MISSING', count: 1 },
    ])
    expect(await counts('(scope: { vendor: "zeta" })')).toEqual([{ code: 'BLANK', count: 1 }])
    const { data } = await ask<{ failures: { nodes: { code: string; remedy: string }[] } }>(
      url,
      '{ failures(code: "SOURCE_MISSING") { nodes { code remedy } } }',
    )
    expect(data.failures.nodes).toEqual([{ code: 'SOURCE_MISSING', remedy: expect.stringMatching(/originals store/) }])

    const plan = async (input: string) =>
      await ask<{ planBackfill: { items: number } }>(url, `{ planBackfill(input: { ${input} }) { items } }`)
    expect((await plan('mode: FAILED')).data.planBackfill.items).toBe(4)
    expect((await plan('mode: FAILED, codes: ["SOURCE_MISSING"]')).data.planBackfill.items).toBe(1)
    for (const input of ['codes: ["BLANK"]', 'mode: FAILED, codes: []', 'mode: FAILED, codes: ["NONSENSE"]'])
      expect(codeOf(await plan(input))).toBe('BAD_INPUT')
    await ask(url, 'mutation { startBackfill(input: { mode: FAILED, codes: ["BLANK"] }) { id } }')
    expect((await app.prisma.backfill.findFirstOrThrow()).codes).toEqual(['BLANK'])

    const item = await app.prisma.item.findFirstOrThrow({ where: { slug: 'lost' } })
    await app.stores.originals.put(item.sourceKey, Buffer.from(drawing(1)), { contentType: 'image/svg+xml' })
    expect(await get(await keyOf('lost'))).toBe(422)
    const retry = (id: string, token?: null) =>
      ask<{ retryItem: { image: { status: string } } }>(
        url,
        `mutation { retryItem(id: "${id}") { image(preset: "${PRESET}") { status } } }`,
        token === null ? { token } : {},
      )
    expect((await retry(item.uniqueId)).data.retryItem.image.status).toBe('PENDING')
    const { rows } = await app.pg.query(
      `select task_identifier, priority from graphile_worker.jobs where priority = 10`,
    )
    expect(rows).toEqual([{ task_identifier: 'make_rest', priority: 10 }])
    await warmRemainingPresets(app, { itemIds: [item.id], signal: new AbortController().signal })
    expect(await get(await keyOf('lost'))).toBe(200)
    expect(codeOf(await retry(item.uniqueId, null))).toBe('FORBIDDEN')
    expect(codeOf(await retry('ZZZZZZZZZZZZ'))).toBe('NOT_FOUND')
    await takeDown(app, { type: 'ITEM', id: item.id }, 'x')
    expect(codeOf(await retry(item.uniqueId))).toBe('GONE')
  })
})
