import { createClient } from 'graphql-sse'
import { describe, expect, it } from 'vitest'
import { importItems } from '../src/import/import-items.ts'
import { ADMIN_TOKEN, ask, drawing, entry, importDrawings, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { startWorker } from './support/worker.ts'

const BROKEN = '<svg xmlns="http://www.w3.org/2000/svg"><g>'
const FIELDS =
  'id status mode presets totalItems doneItems failedItems imagesMade bytesWritten itemsPerSecond etaSeconds finishedAt'

async function open(env: Record<string, string> = {}) {
  const config = await testConfig(env)
  const app = await testApp(config)
  const { url } = await testServer(app)
  return { config, app, url }
}

type Row = {
  id: string
  status: string
  totalItems: number
  doneItems: number
  failedItems: number
  imagesMade: number
  bytesWritten: number
}

async function start(url: string, input = ''): Promise<Row> {
  const { data, errors } = await ask<{ startBackfill: Row }>(
    url,
    `mutation { startBackfill${input && `(input: ${input})`} { ${FIELDS} } }`,
  )
  expect(errors).toBeUndefined()
  return data.startBackfill
}

async function read(url: string, id: string): Promise<Row> {
  return (await ask<{ backfill: Row }>(url, `{ backfill(id: "${id}") { ${FIELDS} } }`)).data.backfill
}

const finished = (url: string, id: string) =>
  until(async () => {
    const backfill = await read(url, id)
    return ['COMPLETED', 'FAILED', 'CANCELED'].includes(backfill.status) && backfill
  }, 60_000)

describe('a backfill', () => {
  it('makes every variant, counts failures, and reports its progress to the end', async () => {
    const { app, url } = await open()
    await importDrawings(app, 60)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('broken-1', BROKEN),
      entry('broken-2', ' <svg>'),
    ])
    const { id } = await start(url)

    const client = createClient({ url: `${url}/graphql`, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    const seen: Row[] = []
    const watching = (async () => {
      for await (const { data } of client.iterate<{ backfillProgress: Row }>({
        query: `subscription { backfillProgress(id: "${id}") { ${FIELDS} } }`,
      })) {
        if (data) seen.push(data.backfillProgress)
      }
    })()
    startWorker(app)
    await watching

    const last = seen.at(-1)
    expect(last).toMatchObject({ status: 'COMPLETED', totalItems: 62, doneItems: 60, failedItems: 2, imagesMade: 180 })
    expect(seen.length).toBeGreaterThanOrEqual(2)
    for (const row of seen) expect(row.doneItems + row.failedItems).toBeLessThanOrEqual(row.totalItems)
    expect(await read(url, id)).toEqual(last)

    const images = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' } })
    expect(images).toHaveLength(180)
    expect(images.reduce((sum, image) => sum + image.bytes, 0)).toBe(last?.bytesWritten)
    for (const image of images) expect(await app.stores.previews.head(image.objectKey)).toEqual({ bytes: image.bytes })
    expect(app.pool.stats.renders).toBe(0)

    const { data } = await ask<{
      backfill: {
        failures: { totalCount: number; nodes: { code: string; attempts: number; item: { slug: string } }[] }
      }
    }>(url, `{ backfill(id: "${id}") { failures { totalCount nodes { code attempts item { slug } } } } }`)
    expect(data.backfill.failures).toEqual({
      totalCount: 2,
      nodes: [
        { code: 'UNSUPPORTED', attempts: 1, item: { slug: 'broken-1' } },
        { code: 'UNSUPPORTED', attempts: 1, item: { slug: 'broken-2' } },
      ],
    })
  })

  it('makes the same bytes as a request does', async () => {
    const { app, url } = await open()
    await importDrawings(app, 2)
    const query = '{ items { nodes { image { url } } } }'
    const { data } = await ask<{ items: { nodes: { image: { url: string } }[] } }>(url, query)
    const urls = data.items.nodes.map(({ image }) => image.url)
    const lazy = await Promise.all(urls.map(async (at) => (await fetch(at)).headers.get('etag')))
    // Those of one page are answered before they are recorded.
    await until(async () => (await app.prisma.image.count()) === 2)
    await app.prisma.image.deleteMany()
    for await (const { key } of app.stores.previews.list('')) await app.stores.previews.delete([key])
    startWorker(app)
    await finished(url, (await start(url)).id)
    const backfilled = await Promise.all(urls.map(async (at) => (await fetch(at)).headers.get('etag')))
    expect(backfilled).toEqual(lazy)
    expect(app.pool.stats.renders).toBe(2)
  })

  it('started twice returns the running one; once that is finished, a new one with nothing to do', async () => {
    const { app, url } = await open()
    await importDrawings(app, 3)
    const [one, two] = await Promise.all([start(url), start(url)])
    expect(two.id).toBe(one.id)
    expect((await start(url, '{ presets: ["preview"] }')).id).not.toBe(one.id)
    const { said } = startWorker(app)
    expect(await finished(url, one.id), said()).toMatchObject({ status: 'COMPLETED', totalItems: 3 })
    const again = await finished(url, (await start(url)).id)
    expect(again.id).not.toBe(one.id)
    expect(again).toMatchObject({ status: 'COMPLETED', totalItems: 0, imagesMade: 0 })
  })

  it('honours scope, presets and formats', async () => {
    const { app, url } = await open()
    await importDrawings(app, 2)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('theirs', drawing(5), { vendor: 'zeta' }),
    ])
    startWorker(app)
    const { id } = await start(url, '{ scope: { vendor: "zeta" }, presets: ["thumbnail"], formats: [PNG, WEBP] }')
    expect(await finished(url, id)).toMatchObject({ totalItems: 1, imagesMade: 2 })
    const images = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' }, orderBy: { id: 'asc' } })
    expect(images.map(({ preset, format }) => `${preset} ${format}`).sort()).toEqual([
      'thumbnail PNG',
      'thumbnail WEBP',
    ])
  })

  it('selects items by its mode', async () => {
    const { app, url } = await open()
    const to = { pg: app.pg, originals: app.stores.originals }
    await importItems(to, [entry('a', drawing(1)), entry('b', drawing(2)), entry('broken', BROKEN)])
    startWorker(app)
    const run = async (mode: string) => {
      const { totalItems, doneItems, failedItems, imagesMade } = await finished(
        url,
        (await start(url, `{ mode: ${mode} }`)).id,
      )
      return [totalItems, doneItems, failedItems, imagesMade]
    }
    expect(await run('MISSING')).toEqual([3, 2, 1, 6])
    expect(await run('MISSING')).toEqual([0, 0, 0, 0])
    await importItems(to, [entry('a', drawing(3))])
    expect(await run('MISSING')).toEqual([0, 0, 0, 0])
    expect(await run('STALE')).toEqual([1, 1, 0, 3])
    expect(await run('FAILED')).toEqual([1, 0, 1, 0])
    expect(await app.prisma.renderFailure.findFirstOrThrow()).toMatchObject({ attempts: 2 })
    expect(await run('ALL')).toEqual([3, 2, 1, 6])
    expect(await app.prisma.image.count({ where: { ownerType: 'ITEM' } })).toBe(9)
  })

  it('can be cancelled, keeping finished work', async () => {
    const { app, url } = await open()
    await importDrawings(app, 300)
    const { id } = await start(url)
    startWorker(app)
    await until(async () => (await read(url, id)).imagesMade > 0)
    const { data } = await ask<{ cancelBackfill: Row }>(url, `mutation { cancelBackfill(id: "${id}") { status } }`)
    expect(data.cancelBackfill.status).toBe('CANCELED')
    await until(async () => (await app.pg.query('select from graphile_worker.jobs')).rowCount === 0)
    const after = await read(url, id)
    expect(after.imagesMade).toBeLessThan(900)
    expect(await app.prisma.image.count({ where: { ownerType: 'ITEM' } })).toBe(after.imagesMade)
    expect((await start(url)).id).not.toBe(id)
  })

  const refused: [string, string, string][] = [
    ['{ presets: ["poster"] }', 'BAD_INPUT', 'poster'],
    ['{ scope: { vendor: "nobody" } }', 'NOT_FOUND', 'nobody'],
    [`{ presets: [${'"preview",'.repeat(60)}] }`, 'BAD_INPUT', '60 entries'],
  ]
  it.each(refused)('with %s is refused', async (input, code, word) => {
    const { url } = await open()
    const { errors } = await ask(url, `mutation { startBackfill(input: ${input}) { id } }`)
    expect(errors?.[0]).toMatchObject({ extensions: { code }, message: expect.stringContaining(word) })
  })

  it('that does not exist cannot be followed', async () => {
    const { url } = await open()
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${ADMIN_TOKEN}`,
      },
      body: JSON.stringify({
        query: `subscription { backfillProgress(id: "${Buffer.from('Backfill:999').toString('base64')}") { id } }`,
      }),
    })
    expect(await response.text()).toContain('There is no backfill 999')
  })
})

describe('a worker', () => {
  it('that is killed halfway loses nothing, and renders nothing twice that was recorded', async () => {
    const { app, url } = await open()
    await importDrawings(app, 150)
    const { id } = await start(url)
    const first = startWorker(app)
    await until(async () => (await read(url, id)).imagesMade > 60)
    first.child.kill('SIGKILL')
    await first.gone
    const recorded = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' }, orderBy: { id: 'asc' } })
    expect(recorded.length).toBeLessThan(450)

    startWorker(app)
    expect(await finished(url, id)).toMatchObject({
      status: 'COMPLETED',
      totalItems: 150,
      doneItems: 150,
      failedItems: 0,
      imagesMade: 450,
    })
    const images = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' }, orderBy: { id: 'asc' } })
    expect(images).toHaveLength(450)
    expect(images.slice(0, recorded.length)).toEqual(recorded)
    let objects = 0
    for await (const _ of app.stores.previews.list('')) objects++
    expect(objects).toBe(450)
  })

  it('that receives SIGTERM records finished work and leaves the rest to others', async () => {
    const { app, url } = await open()
    await importDrawings(app, 150)
    const { id } = await start(url)
    const first = startWorker(app)
    await until(async () => (await read(url, id)).imagesMade > 0)
    first.child.kill('SIGTERM')
    expect(await first.gone).toEqual([0, null])
    expect(await app.prisma.worker.count()).toBe(0)
    expect((await read(url, id)).status).toBe('RUNNING')
    startWorker(app)
    expect(await finished(url, id)).toMatchObject({ status: 'COMPLETED', imagesMade: 450 })
  })

  it('shares the work with others, and with requests: one render for each variant', async () => {
    const { app, url } = await open()
    await importDrawings(app, 120)
    const { data } = await ask<{ items: { nodes: { image: { url: string } }[] } }>(
      url,
      '{ items(first: 100) { nodes { image { url } } } }',
    )
    startWorker(app)
    startWorker(app)
    const { id } = await start(url)
    for (const { image } of data.items.nodes.reverse().slice(0, 40)) expect((await fetch(image.url)).status).toBe(200)
    const { imagesMade, doneItems } = await finished(url, id)
    expect(doneItems).toBe(120)
    // Some are made by the jobs that requests queue; none is made twice.
    expect(imagesMade + app.pool.stats.renders).toBeLessThanOrEqual(360)
    expect(await app.prisma.image.count({ where: { ownerType: 'ITEM' } })).toBe(360)
  })
})
