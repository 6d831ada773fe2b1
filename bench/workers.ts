import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBackfill } from '../src/backfill/backfills.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { type Entry, importItems } from '../src/import/import-items.ts'
import { countJobs, enqueue, enqueueAll } from '../src/jobs/enqueue.ts'
import { cpuOfTree } from './support/sample.ts'
import { type Bench, childrenOf, median, rssMb, startProgram, table, withBench, withClient } from './support/service.ts'
import { type Watch, watchServer } from './support/watch-server.ts'

/** Workers that start at the same time. */
const STARTED_AT_ONCE = 4
/** So that tasks are scheduled meanwhile: some are every minute. */
const IDLE_MS = 65_000
const JOBS_PER_STATEMENT = 500
const LONE_JOBS = 40
const LONE_EVERY_MS = 250
/** No family has such an id: its job is one look-up. */
const NO_FAMILY = 1_000_000_000
/** What a worker of one renderer may open, and what this process needs. */
const CONNECTIONS_PER_WORKER = 26
const OWN_CONNECTIONS = 100

/**
 * Many workers of one renderer each on one Postgres: connections, idle load, the queue's throughput with jobs that cost nothing, how long a
 * lone job waits, what a backfill's chunks do, and a worker's death. `npm run bench -- workers [--workers 50] [--jobs 20000] [--items 4000]`
 */
export async function run(args: string[]): Promise<void> {
  const options = {
    workers: { type: 'string', default: '50' },
    jobs: { type: 'string', default: '20000' },
    items: { type: 'string', default: '4000' },
  } as const
  const { values } = parseArgs({ args, options })
  const [workers, jobs, items] = [Number(values.workers), Number(values.jobs), Number(values.items)]
  const postgres = {
    max_connections: String(workers * CONNECTIONS_PER_WORKER + OWN_CONNECTIONS),
    shared_buffers: '512MB',
    shared_preload_libraries: 'pg_stat_statements',
    deadlock_timeout: '200ms',
    log_lock_waits: 'on',
  }
  await withBench((bench) => measure(bench, { workers, jobs, items }), { env: { RENDERERS: '1' }, postgres })
}

async function measure(bench: Bench, { workers: count, jobs, items }: Record<'workers' | 'jobs' | 'items', number>) {
  const { app } = bench
  await withClient(bench.adminUrl, (client) => client.query('create extension pg_stat_statements'))
  await importItems({ pg: app.pg, originals: app.stores.originals }, entries(items))

  const pids: number[] = []
  const startedAt = performance.now()
  while (pids.length < count) {
    const next = Array.from({ length: Math.min(STARTED_AT_ONCE, count - pids.length) }, () =>
      startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ }),
    )
    for (const { child } of await Promise.all(next)) pids.push(child.pid as number)
  }
  print(`${count} workers started in ${seconds(performance.now() - startedAt)}`)
  print(`a worker's resident memory: ${median(await Promise.all(pids.map(rssMb))).toFixed(0)} MB`)
  const children = (await Promise.all(pids.map(childrenOf))).flat()
  print(
    `of its ${children.length / count} renderers: ${median(await Promise.all(children.map(rssMb))).toFixed(0)} MB each`,
  )

  const rows: (string | number)[][] = []
  const take = async (what: string, work: () => Promise<string>) => {
    const before = await cpuOfTree(pids, app.pg)
    const watch = await watchServer(bench.adminUrl)
    const result = await work()
    const after = await cpuOfTree(pids, app.pg)
    const seen = await watch.end()
    const share = (ms: number) => `${((ms / seen.ms) * 100).toFixed(0)} %`
    rows.push([
      what,
      result,
      seen.connections,
      (seen.statements / (seen.ms / 1000)).toFixed(0),
      share(after.postgresMs - before.postgresMs),
      // Without the one that is killed meanwhile.
      pids.length < count ? '' : share(after.workerMs - before.workerMs),
      describeWaits(seen),
    ])
    const { calls, ms } = seen.scheduling
    print(`${what}: ${result}\n${seen.top.join('\n')}\n  the schedule: ${calls} statements, ${ms.toFixed(0)} ms\n`)
  }

  await take('idle', async () => {
    await delay(IDLE_MS)
    return seconds(IDLE_MS)
  })
  await take(`${jobs} jobs that cost nothing`, async () => {
    const ms = await drain(bench, jobs)
    return `${((jobs / ms) * 1000).toFixed(0)} jobs/s`
  })
  await take(`${LONE_JOBS} such jobs, one every ${LONE_EVERY_MS} ms`, async () => {
    const waits = await runLone(bench)
    return `done after ${median(waits).toFixed(0)} ms (median), ${Math.max(...waits).toFixed(0)} ms (longest)`
  })
  await take(`a backfill of ${items} small icons`, async () => await backfill(bench))
  await take('a worker killed in a second backfill', async () => await killOne(bench, pids))
  const head = ['what', 'result', 'connections', 'statements/s', 'CPU of Postgres', 'CPU of the workers', 'waits seen']
  print(table(head, rows))
}

async function drain({ app }: Bench, jobs: number): Promise<number> {
  const from = performance.now()
  for (let first = 0; first < jobs; first += JOBS_PER_STATEMENT) {
    const ids = Array.from({ length: Math.min(JOBS_PER_STATEMENT, jobs - first) }, (_, index) => first + index)
    await enqueueAll(
      app.pg,
      'make_composites',
      ids.map((id) => ({ payload: { familyId: NO_FAMILY + id } })),
    )
  }
  await untilNone(app)
  return performance.now() - from
}

async function untilNone(app: Bench['app']): Promise<void> {
  while ((await countJobs(app.pg, 'make_composites', 1)) > 0) await delay(10)
}

/** How long each job took from being queued to being done, ms. */
async function runLone({ app }: Bench): Promise<number[]> {
  const waits: number[] = []
  for (let index = 0; index < LONE_JOBS; index++) {
    const from = performance.now()
    await enqueue(app.pg, 'make_composites', { familyId: NO_FAMILY + index })
    await untilNone(app)
    const ms = performance.now() - from
    waits.push(ms)
    await delay(LONE_EVERY_MS - Math.min(ms, LONE_EVERY_MS))
  }
  return waits
}

async function backfill({ app }: Bench, mode: 'STALE' | 'ALL' = 'STALE'): Promise<string> {
  const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE, mode }))
  return await endOf(app, id)
}

async function endOf(app: Bench['app'], id: number): Promise<string> {
  for (;;) {
    const { finishedAt, createdAt, status } = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
    if (!finishedAt) {
      await delay(100)
      continue
    }
    const { rows } = await app.pg.query(
      `select count(*)::int as chunks, sum(done_items)::int as items, max(heartbeat) as heartbeat
       from backfill_chunk, (select extract(epoch from now() - min(seen_at))::float8 as heartbeat from worker) w where backfill_id = $1`,
      [id],
    )
    const s = (finishedAt.getTime() - createdAt.getTime()) / 1000
    const [{ chunks, items, heartbeat }] = rows
    return `${status} ${(items / s).toFixed(1)} items/s in ${chunks} chunks; oldest heartbeat ${heartbeat.toFixed(0)} s`
  }
}

/** Kills a worker that runs a chunk, and waits for its jobs to be returned to the queue and for the end of the backfill. */
async function killOne({ app }: Bench, pids: number[]): Promise<string> {
  const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE, mode: 'ALL' }))
  const busy = `select w.id, w.pid from worker w join graphile_worker.jobs j on j.locked_by = w.id where j.task_identifier = 'run_chunk' limit 1`
  let victim: { id: string; pid: number } | undefined
  while (!victim) victim = (await app.pg.query(busy)).rows[0]
  process.kill(victim.pid, 'SIGKILL')
  pids.splice(pids.indexOf(victim.pid), 1)
  const from = performance.now()
  while ((await app.pg.query('select from worker where id = $1', [victim.id])).rowCount) await delay(50)
  const ms = performance.now() - from
  return `its jobs returned after ${seconds(ms)}; ${await endOf(app, id)}`
}

function* entries(count: number): Iterable<Entry> {
  for (let index = 0; index < count; index++) {
    const family = `bench ${Math.floor(index / 1000)}`
    yield {
      from: `icon-${index}`,
      vendor: { username: `vendor-${index % 3}`, name: 'Bench' },
      family: { uniqueId: uniqueIdOf(`${index % 3}/${family}`), name: family },
      iconSet: { uniqueId: uniqueIdOf(`${index % 3}/${family}/icons`), name: family, kind: 'ICON' },
      slug: `icon-${index}`,
      name: `Icon ${index}`,
      bytes: Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><circle cx="12" cy="12" r="${3 + index / 1000}"/></svg>`,
      ),
    }
  }
}

const describeWaits = ({ waits, samples }: Awaited<ReturnType<Watch['end']>>) =>
  waits.map(([name, count]) => `${name} ${(count / samples).toFixed(1)}`).join(', ') || 'none'
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const print = (line: string) => void process.stdout.write(`${line}\n`)
