import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { abandonLostBackfills } from '../src/backfill/abandon-lost.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { pauseBackfill, pauseOverdue, resumeBackfill } from '../src/backfill/pause.ts'
import { planBackfill } from '../src/backfill/plan.ts'
import { readProgress } from '../src/backfill/progress.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { runChunk } from '../src/backfill/run-chunk.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { importItems } from '../src/import/import-items.ts'
import { othersWait } from '../src/jobs/enqueue.ts'
import { runTasks } from './support/run-tasks.ts'
import { ask, entry, importDrawings, svg, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { startWorker } from './support/worker.ts'

const FOREVER = new AbortController().signal
/** Each takes a renderer about 50 ms. */
const blurs = (count: number) =>
  svg(
    `<filter id="f"><feGaussianBlur stdDeviation="9"/></filter>${'<path filter="url(#f)" d="M2 2h20v20z"/>'.repeat(count)}`,
  )
const SLOW = blurs(2)

const start = (app: App) => startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
const statusOf = async (app: App, id: number) => (await app.prisma.backfill.findUniqueOrThrow({ where: { id } })).status
const jobs = async (app: App) =>
  Number(
    (await app.pg.query(`select count(*) from graphile_worker.jobs where task_identifier = 'run_chunk'`)).rows[0].count,
  )
const openChunks = (app: App) =>
  app.prisma.backfillChunk.findMany({ where: { status: 'PENDING' }, orderBy: { id: 'asc' } })

describe('planning', () => {
  it('keeps a few chunks in the queue, however large the catalogue, and queues the next when one ends', async () => {
    const app = await testApp()
    await importDrawings(app, 2000)
    const { id } = await start(app)
    await planBackfill(app, id)
    const before = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
    expect(before).toMatchObject({ status: 'RUNNING', countedItems: 2000, isCut: false })
    expect((await readProgress(app.pg, [id]))[0]).toMatchObject({ totalItems: 2000, doneItems: 0 })
    const chunks = await openChunks(app)
    expect(chunks.map(({ fromItemId, toItemId, totalItems }) => [toItemId - fromItemId + 1, totalItems])).toEqual(
      Array.from({ length: 2 }, () => [200, 200]),
    )
    expect(await jobs(app)).toBe(2)

    // As if the first had taken ten seconds: the next ones are sized for twenty.
    const [first] = chunks
    await app.pg.query(
      `update backfill_chunk set done_items = 200, started_at = now() - interval '10 s', updated_at = now() where id = $1`,
      [first?.id],
    )
    await app.pg.query(
      `insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine)
       select 'ITEM', i.id, p.name, 'WEBP', p.hash, i.source_hash, i.id || p.name, 1, 1, 1, '', true, 'resvg'
       from item i, unnest($1::text[], $2::text[]) as p(name, hash) where i.id <= $3`,
      [[...app.presets.keys()], [...app.presets.values()].map(({ recipeHash }) => recipeHash), first?.toItemId],
    )
    expect(await runChunk(app, first?.id as number, FOREVER)).toBe('done')
    const after = await openChunks(app)
    expect(after).toHaveLength(2)
    expect(after.at(-1)?.totalItems).toBeGreaterThan(300)
    expect(after.at(-1)?.totalItems).toBeLessThanOrEqual(400)
    expect(app.pool.stats.renders).toBe(0)
  })

  it('finds nothing to do in a catalogue that is complete', async () => {
    const app = await testApp()
    const { id } = await start(app)
    await planBackfill(app, id)
    expect(await app.prisma.backfill.findUnique({ where: { id } })).toMatchObject({ status: 'COMPLETED', isCut: true })
  })
})

describe('pause and resume', () => {
  it('stops a chunk between two renders, keeps finished work, and then continues to the last item', async () => {
    const app = await testApp()
    await importItems(
      { pg: app.pg, originals: app.stores.originals },
      Array.from({ length: 24 }, (_, index) => entry(`slow-${index}`, SLOW.replace('h20', `h${10 + index / 10}`))),
    )
    const { id } = await start(app)
    await planBackfill(app, id)
    const [chunk] = await openChunks(app)
    const running = runChunk(app, chunk?.id as number, FOREVER)
    await until(() => app.pool.stats.renders >= 3)
    await pauseBackfill(app, id)
    const rendersAtPause = app.pool.stats.renders
    expect(await running).toBe('halted')
    // Renders in progress, and those queued for the renderers.
    expect(app.pool.stats.renders - rendersAtPause).toBeLessThanOrEqual(6)
    const made = await app.prisma.image.count({ where: { ownerType: 'ITEM' } })
    expect(made).toBe(app.pool.stats.renders * 3)
    expect((await readProgress(app.pg, [id]))[0]).toMatchObject({ doneItems: made / 3, totalItems: 24 })
    expect(await runChunk(app, chunk?.id as number, FOREVER)).toBe('halted')

    await resumeBackfill(app, id)
    expect(await runChunk(app, chunk?.id as number, FOREVER)).toBe('done')
    expect(await statusOf(app, id)).toBe('COMPLETED')
    expect((await readProgress(app.pg, [id]))[0]).toMatchObject({ doneItems: 24, totalItems: 24, imagesMade: 72 })
    expect(app.pool.stats.renders).toBe(24)
  })

  it('needs a token with the scope, and an unfinished backfill', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await importDrawings(app, 240)
    startWorker(app)
    const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
    const { id } = data.startBackfill
    const call = (verb: string, token?: null) =>
      ask<Record<string, { status: string }>>(url, `mutation { ${verb}Backfill(id: "${id}") { status } }`, { token })
    expect((await call('pause', null)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    await until(async () => (await app.prisma.image.count({ where: { ownerType: 'ITEM' } })) > 30)
    expect((await call('pause')).data.pauseBackfill?.status).toBe('PAUSED')
    expect((await call('pause')).data.pauseBackfill?.status).toBe('PAUSED')
    await until(async () => (await jobs(app)) === 0)
    const made = await app.prisma.image.count({ where: { ownerType: 'ITEM' } })
    expect(made).toBeLessThan(720)
    const [again] = await Promise.all([
      ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }'),
    ])
    expect(again.data.startBackfill.id).toBe(id)
    expect((await call('resume')).data.resumeBackfill?.status).toBe('RUNNING')
    await until(async () => (await app.prisma.backfill.count({ where: { status: 'COMPLETED' } })) === 1, 60_000)
    const [progress] = await readProgress(app.pg, [1])
    expect(progress).toMatchObject({ totalItems: 240, doneItems: 240, failedItems: 0, imagesMade: 720 })
    expect(await app.prisma.image.count({ where: { ownerType: 'ITEM' } })).toBe(720)
    expect((await call('resume')).errors?.[0]?.message).toMatch(/is COMPLETED: only a paused one can be resumed/)
    expect((await call('pause')).errors?.[0]?.message).toMatch(/is COMPLETED: only an unfinished one can be paused/)
  })
})

describe('a first request', () => {
  it("queues the item's other presets, ahead of a backfill, if a worker is alive", async () => {
    const app = await testApp(await testConfig())
    const { url } = await testServer(app)
    await importDrawings(app, 3)
    const { data } = await ask<{ items: { nodes: { image: { url: string } }[] } }>(
      url,
      '{ items { nodes { image { url } } } }',
    )
    const [first, second] = data.items.nodes.map(({ image }) => image.url) as [string, string]
    const restJobs = async () =>
      Number(
        (await app.pg.query(`select count(*) from graphile_worker.jobs where task_identifier = 'make_rest'`)).rows[0]
          .count,
      )

    expect((await fetch(first)).status).toBe(200)
    startWorker(app)
    await until(async () => (await app.pg.query('select from worker')).rowCount)
    expect(await restJobs()).toBe(0)
    expect(await app.prisma.image.count({ where: { ownerType: 'ITEM' } })).toBe(1)
    expect((await fetch(second)).status).toBe(200)
    await until(async () => (await app.prisma.image.count({ where: { ownerType: 'ITEM' } })) === 4)
  })
})

describe('a worker that receives SIGTERM', () => {
  it('ends although a render would take longer, and records no failure', async () => {
    const app = await testApp()
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('slow', blurs(60))])
    const { child, gone } = startWorker(app)
    await once(child, 'message')
    const { id } = await start(app)
    // Its item is locked while it is rendered.
    await until(
      async () => (await app.pg.query(`select from pg_locks where locktype = 'advisory' and classid = 1`)).rowCount,
    )
    child.kill('SIGTERM')
    expect(await gone).toEqual([0, null])
    expect(await app.prisma.renderFailure.count()).toBe(0)
    expect(await statusOf(app, id)).toBe('RUNNING')
    expect(await jobs(app)).toBe(1)
  })
})

describe.each([
  { step: 'planning', column: 'counted_items', previews: false, before: 'PLANNING' },
  { step: 'composing previews', column: 'composed_to_family_id', previews: true, before: 'RUNNING' },
])('a backfill that fails at $step', ({ step, column, previews, before }) => {
  /** One whose job fails at each attempt. */
  async function open() {
    const app = await testApp()
    await importDrawings(app, 1)
    await app.pg.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused by the test'; end $$;
      create trigger refuse before update of ${column} on backfill for each row execute function refuse();
      ${previews ? 'delete from item' : ''}`)
    const request = checkRequest(app.presets, { scope: WHOLE_CATALOGUE, previews })
    const { id } = await startBackfill(app, request)
    await runTasks(app, 'long')
    expect(await statusOf(app, id)).toBe(before)
    const { url } = await testServer(app)
    const query = `{ backfill(id: "${Buffer.from(`Backfill:${id}`).toString('base64')}") { status error finishedAt } }`
    return {
      app,
      spend: (left: number) =>
        app.pg.query('update graphile_worker._private_jobs set attempts = max_attempts - $1, run_at = now()', [left]),
      read: async () => (await ask(url, query)).data.backfill,
    }
  }
  const failed = (cause: string) => ({
    status: 'FAILED',
    error: `The backfill failed at ${step}, at every attempt: ${cause}`,
    finishedAt: expect.any(String),
  })

  it('ends as FAILED with the reason after the last attempt', async () => {
    const { app, spend, read } = await open()
    await spend(2)
    await runTasks(app, 'long')
    expect(await read()).toEqual({ status: before, error: null, finishedAt: null })
    await spend(1)
    await runTasks(app, 'long')
    const sentence = 'Something went wrong in the service; its log has the details.'
    expect(await read()).toEqual(failed(`INTERNAL: ${sentence}`))
    expect((await app.pg.query('select from graphile_worker.jobs')).rowCount).toBe(0)
  })

  it('ends so as well when the worker died at every attempt', async () => {
    const { app, spend, read } = await open()
    await spend(0)
    await abandonLostBackfills(app)
    expect(await read()).toEqual(failed('the worker died; its log may say why.'))
    expect((await app.pg.query('select from graphile_worker.jobs')).rowCount).toBe(0)
  })
})

it('a chunk that fails at every attempt ends its backfill with a code, and with neither host, path nor statement of the cause', async () => {
  const app = await testApp()
  await importDrawings(app, 1)
  await app.pg.query(`
    create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'db.internal:5432, /var/lib/secret: insert into image (id) values (1)'; end $$;
    create trigger refuse before insert on image for each row execute function refuse()`)
  const { id } = await start(app)
  await planBackfill(app, id)
  await app.pg.query('update graphile_worker._private_jobs set attempts = max_attempts - 1')
  await runTasks(app, 'long')
  const { url } = await testServer(app)
  const query = `{ backfill(id: "${Buffer.from(`Backfill:${id}`).toString('base64')}") { status error } }`
  expect((await ask(url, query)).data.backfill).toEqual({
    status: 'FAILED',
    error: 'INTERNAL: Something went wrong in the service; its log has the details.',
  })
})

describe('a chunk whose worker died at every attempt', () => {
  it('blocks no other one, and ends the backfill as FAILED', async () => {
    const app = await testApp()
    await importDrawings(app, 3)
    const { id } = await start(app)
    await planBackfill(app, id)
    const [lost] = await openChunks(app)
    const other = await startBackfill(
      app,
      checkRequest(app.presets, { scope: WHOLE_CATALOGUE, presets: ['thumbnail'], mode: 'ALL' }),
    )
    await planBackfill(app, other.id)
    const [, running] = await openChunks(app)
    const waits = () => othersWait(app.pg, 'run_chunk', Number(running?.id))
    expect(await waits()).toBe(true)
    await app.pg.query(
      `update graphile_worker._private_jobs set attempts = max_attempts where payload->>'chunkId' = $1`,
      [String(lost?.id)],
    )
    expect(await waits()).toBe(false)
    await abandonLostBackfills(app)
    expect([await statusOf(app, id), await statusOf(app, other.id)]).toEqual(['FAILED', 'RUNNING'])
    expect(await jobs(app)).toBe(1)
  })
})

describe('the priority of a backfill', () => {
  const startWith = (app: App, priority: 'LOW' | 'HIGH', vendorId: number | null = null) =>
    startBackfill(
      app,
      checkRequest(app.presets, { scope: { ...WHOLE_CATALOGUE, vendorId }, presets: ['thumbnail'], priority }),
    )
  /** The queued chunks of each backfill, in the order in which a free slot takes them. */
  const queued = async (app: App) =>
    (
      await app.pg.query<{ backfill: number; priority: number }>(
        `select c.backfill_id as backfill, j.priority from graphile_worker.jobs j join backfill_chunk c on 'run_chunk:' || c.id = j.key
         order by j.priority, j.run_at, j.id`,
      )
    ).rows

  it('puts chunks of the more urgent one first, enough of them for every slot, and only equals or more urgent ones make a chunk yield', async () => {
    const app = await testApp()
    await importDrawings(app, 1200)
    const low = await startWith(app, 'LOW')
    await planBackfill(app, low.id)
    const { id: vendorId } = await app.prisma.vendor.findFirstOrThrow()
    const high = await startWith(app, 'HIGH', vendorId)
    await planBackfill(app, high.id)
    expect(await queued(app)).toEqual([
      ...Array(5).fill({ backfill: high.id, priority: 90 }),
      ...Array(2).fill({ backfill: low.id, priority: 110 }),
    ])
    const chunkOf = async ({ id }: { id: number }) =>
      (await app.prisma.backfillChunk.findFirstOrThrow({ where: { backfillId: id } })).id
    expect(await othersWait(app.pg, 'run_chunk', await chunkOf(low))).toBe(true)
    expect(await othersWait(app.pg, 'run_chunk', await chunkOf(high))).toBe(false)
  })

  it('is not HIGH for the token of a vendor', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await importDrawings(app, 1)
    const { username } = await app.prisma.vendor.findFirstOrThrow()
    const create =
      'mutation ($vendor: String!) { createToken(name: "v", scopes: ["backfill:write"], vendor: $vendor) { secret } }'
    const { data } = await ask<{ createToken: { secret: string } }>(url, create, { variables: { vendor: username } })
    const startAs = (priority: string) =>
      ask(
        url,
        `mutation { startBackfill(input: { in: { vendor: "${username}" }, priority: ${priority} }) { priority } }`,
        {
          token: data.createToken.secret,
        },
      )
    expect((await startAs('HIGH')).errors?.[0]?.message).toContain('cannot choose priority HIGH')
    expect((await startAs('LOW')).data).toEqual({ startBackfill: { priority: 'LOW' } })
  })

  it('is changed by starting the same backfill again with another one, and kept without one', async () => {
    const app = await testApp()
    await importDrawings(app, 1)
    const { id } = await startWith(app, 'LOW')
    expect(await startWith(app, 'HIGH')).toMatchObject({ id, priority: 'HIGH' })
    const request = checkRequest(app.presets, { scope: WHOLE_CATALOGUE, presets: ['thumbnail'] })
    expect(await startBackfill(app, request)).toMatchObject({ id, priority: 'HIGH' })
  })
})

describe('the limits of a backfill', () => {
  const limited = (app: App, limits: { maxRenderers?: number; notAfter?: Date }) =>
    startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE, presets: ['thumbnail'], ...limits }))

  it('maxRenderers holds for all workers together: chunks beyond it wait, and a dead worker gives its renderers back', async () => {
    const app = await testApp()
    await importDrawings(app, 500)
    const { id } = await limited(app, { maxRenderers: 2 })
    await planBackfill(app, id)
    const [first, second, third] = await openChunks(app)
    // Others would only look again and again for a free renderer.
    expect(third).toBeUndefined()
    let [running, most] = [0, 0]
    const render = app.pool.render.bind(app.pool)
    const counting = {
      ...app,
      pool: {
        ...app.pool,
        // As if it had four renderers, of which a chunk reserves half.
        size: 4,
        async render(...args: Parameters<typeof render>) {
          most = Math.max(most, ++running)
          return await render(...args).finally(() => running--)
        },
      },
    }
    const stop = new AbortController()
    const making = runChunk(counting, first?.id ?? 0, stop.signal)
    await until(() => most === 2)
    // Another worker.
    expect(await runChunk(app, second?.id ?? 0, FOREVER)).toBe('full')
    stop.abort()
    expect(await making).toBe('stopped')
    expect(most).toBe(2)
    expect(await runChunk(app, second?.id ?? 0, FOREVER)).toBe('done')
  })

  it('notAfter pauses it with a sentence, while a chunk runs; resuming it continues without the limit', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await importDrawings(app, 60)
    const soon = new Date(Date.now() + 1500)
    const { id } = await limited(app, { notAfter: soon })
    await planBackfill(app, id)
    const [chunk] = await openChunks(app)
    const render = app.pool.render.bind(app.pool)
    // The renders that have begun before that moment end after it.
    const held: typeof render = async (...args) => {
      await until(() => Date.now() > soon.getTime())
      return await render(...args)
    }
    expect(await runChunk({ ...app, pool: { ...app.pool, render: held } }, chunk?.id ?? 0, FOREVER)).toBe('halted')
    const made = await app.prisma.image.count()
    expect(made).toBeLessThan(60)
    await pauseOverdue(app)
    const node = `{ node(id: "${Buffer.from(`Backfill:${id}`).toString('base64')}") { ... on Backfill { status error notAfter maxRenderers } } }`
    expect((await ask(url, node)).data).toMatchObject({
      node: {
        status: 'PAUSED',
        error: expect.stringMatching(/^It was not done by 20\S+Z, its notAfter: resume it/),
        notAfter: soon.toISOString(),
        maxRenderers: null,
      },
    })
    await resumeBackfill(app, id)
    expect(await runChunk(app, chunk?.id ?? 0, FOREVER)).toBe('done')
    expect(await app.prisma.image.count()).toBe(60)
    expect((await ask(url, node)).data).toMatchObject({ node: { status: 'COMPLETED', error: null, notAfter: null } })
  })

  it('are refused if nothing could be made', async () => {
    const app = await testApp()
    expect(() => limited(app, { maxRenderers: 0 })).toThrow('maxRenderers is 0; 1 to 1024 are allowed.')
    expect(() => limited(app, { notAfter: new Date(0) })).toThrow(
      'notAfter is 1970-01-01T00:00:00.000Z, which has passed.',
    )
  })
})
