import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startBackfill } from '../src/backfill/backfills.ts'
import { readProgress } from '../src/backfill/progress.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { readIconifyCollection } from '../src/import/iconify-collection.ts'
import { importItems } from '../src/import/import-items.ts'
import { firstVariants } from '../src/variants/offered.ts'
import { startS3 } from '../test/support/s3-server.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { makeBuckets } from './support/buckets.ts'
import { drawChart } from './support/chart.ts'
import { measureNative } from './support/native.ts'
import { cpuOfTree, type Sample, sampleService } from './support/sample.ts'
import { type Bench, startProgram, table, withBench } from './support/service.ts'

const OUT = path.join(import.meta.dirname, 'out')
/** Items that the pool renders alone, sampled evenly from those of the backfill. */
const POOL_ITEMS = 1500
const LIMIT = { cpuLimitMs: 20_000 }
/** After so many renders a renderer is replaced. */
const RENDERS_MAX = 10_000
/** Points of the chart, however long the run is. */
const SAMPLES = 200

/**
 * An end-to-end backfill of real icons, compared with the renderers alone: items a second, memory of every process, rows of the queue,
 * size of the database and dead tuples over time. `npm run bench -- backfill [--items N] [--store fs|s3] [--native PROGRAM]`; without `--items` all of
 * @iconify/json, which takes an hour on two cores. `--native` compares it with the machine's limit too: see support/native.ts.
 */
export async function run(args: string[]): Promise<void> {
  const options = {
    items: { type: 'string' },
    store: { type: 'string', default: 'fs' },
    workers: { type: 'string', default: '1' },
    native: { type: 'string' },
  } as const
  const { values } = parseArgs({ args, options })
  const s3 = values.store === 's3' ? await startS3() : null
  try {
    // The priority of what it is compared with.
    const env = { WORKER_NICENESS: '0', ...(s3 ? await makeBuckets(s3.url, 'backfill') : {}) }
    await withBench(
      (bench) =>
        measure(bench, {
          items: Number(values.items ?? Number.POSITIVE_INFINITY),
          workers: Number(values.workers),
          native: values.native,
        }),
      { env },
    )
  } finally {
    await s3?.close()
  }
}

async function measure(
  bench: Bench,
  {
    items: wanted,
    workers: workerCount,
    native: program,
  }: { items: number; workers: number; native: string | undefined },
): Promise<void> {
  const { app } = bench
  const items = await importIcons(bench, wanted)
  const sources = await sampleSources(bench)
  const measureLimit = () => (program ? measureNative(program, { sources, threads: cpus().length }) : null)
  const limit = await measureLimit()
  const poolRate = await measurePool(bench, sources)
  process.stdout.write(`${items} items imported; the renderers alone: ${poolRate.toFixed(1)} items/s\n`)

  const workers = []
  for (let index = 0; index < workerCount; index++) {
    const { child } = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
    workers.push(child.pid as number)
  }
  const cpuBefore = await cpuOfTree(workers, app.pg)
  const busyBefore = busyMs()
  const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
  const samples: Sample[] = []
  const everyMs = Math.min(Math.max(((items / poolRate) * 1000) / SAMPLES, 1000), 60_000)
  const shares = new Map<string, string>()
  let backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
  for (let nextAt = 0; !backfill.finishedAt; ) {
    if (performance.now() >= nextAt) {
      samples.push(await sampleService(app, { backfillId: id, workers }))
      nextAt = performance.now() + everyMs
      if (process.stdout.isTTY) process.stdout.write(`\r${samples.at(-1)?.done} of ${items}`)
    }
    await recordShares(app.pg, shares)
    await new Promise((resolve) => setTimeout(resolve, 500))
    backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
  }
  samples.push(await sampleService(app, { backfillId: id, workers }))
  const cpu = await cpuOfTree(workers, app.pg)
  const busyAfter = busyMs()
  const [progress] = await readProgress(app.pg, [id])
  const seconds = (backfill.finishedAt.getTime() - backfill.createdAt.getTime()) / 1000
  // Measured again, because a shared machine may have changed speed.
  const poolRateAfter = await measurePool(bench, sources)
  const limitAfter = await measureLimit()
  const settled = (progress?.doneItems ?? 0) + (progress?.failedItems ?? 0)
  const rate = settled / seconds

  await mkdir(OUT, { recursive: true })
  await writeFile(path.join(OUT, 'backfill.json'), JSON.stringify(samples))
  await writeFile(path.join(OUT, 'backfill.svg'), drawChart(samples))
  const used = (part: keyof typeof cpu) => cpu[part] - cpuBefore[part]
  const perItem = (ms: number) => `${(ms / settled).toFixed(2)} ms`
  // The CPU time of renderers that were replaced is lost.
  const knowsRenderers = settled < RENDERS_MAX
  const ourMs = used('workerMs') + used('postgresMs') + used('renderersMs')
  const limitMs = ((limit?.cpuMs ?? 0) + (limitAfter?.cpuMs ?? 0)) / 2
  const peak = (pick: (sample: Sample) => number) => Math.max(...samples.map(pick))
  const rows = [
    [
      'backfill end to end',
      `${rate.toFixed(1)} items/s`,
      `renderers alone ${poolRate.toFixed(1)} before, ${poolRateAfter.toFixed(1)} after`,
      (rate / ((poolRate + poolRateAfter) / 2)).toFixed(2),
      '>= 0.90',
    ],
    ...(limit && limitAfter
      ? [
          [
            'the same',
            `${rate.toFixed(1)} items/s`,
            `native code ${limit.rate.toFixed(1)} before, ${limitAfter.rate.toFixed(1)} after`,
            (rate / ((limit.rate + limitAfter.rate) / 2)).toFixed(2),
            workerCount > 1 ? '>= 0.70' : '>= 0.65',
          ],
          // Holds while other programs run too.
          ...(knowsRenderers
            ? [
                [
                  'the same, by CPU time',
                  perItem(ourMs),
                  `native code ${(limitMs / sources.length).toFixed(2)} ms`,
                  (limitMs / sources.length / (ourMs / settled)).toFixed(2),
                  '',
                ],
              ]
            : []),
        ]
      : []),
    [
      'the machine, busy',
      `${((100 * (busyAfter.busy - busyBefore.busy)) / (busyAfter.all - busyBefore.all)).toFixed(0)} %`,
      '',
      '',
      '',
    ],
    ['CPU of all processes an item', perItem(busyAfter.busy - busyBefore.busy), '', '', ''],
    ['items done, failed', `${progress?.doneItems}, ${progress?.failedItems}`, `${items} imported`, '', ''],
    ['images, bytes', `${progress?.imagesMade}, ${((progress?.bytesWritten ?? 0) / 1e9).toFixed(2)} GB`, '', '', ''],
    ['CPU of the worker process an item', perItem(used('workerMs')), '', '', ''],
    ['CPU of Postgres an item', perItem(used('postgresMs')), '', '', ''],
    ['CPU of the renderers an item', knowsRenderers ? perItem(used('renderersMs')) : 'some were replaced', '', '', ''],
    ['worker RSS, peak', `${peak(({ workerMb }) => workerMb).toFixed(0)} MB`, '', '', ''],
    ['renderer RSS, peak of the largest', `${peak(({ rendererMb }) => rendererMb).toFixed(0)} MB`, '', '', ''],
    ['Postgres, all processes (PSS), peak', `${peak(({ postgresMb }) => postgresMb).toFixed(0)} MB`, '', '', ''],
    ['rows in the jobs table, peak', peak(({ jobs }) => jobs), '1000', '', '<= 1000'],
    ['dead tuples, peak and end', `${peak(({ deadTuples }) => deadTuples)}, ${samples.at(-1)?.deadTuples}`, '', '', ''],
    [
      'database',
      `${((samples.at(-1)?.databaseMb ?? 0) / 1000).toFixed(2)} GB`,
      `${(((samples.at(-1)?.databaseMb ?? 0) * 1e6) / settled).toFixed(0)} bytes an item`,
      '',
      '',
    ],
  ]
  process.stdout.write(`\n${table(['what', 'measured', 'compared with', 'ratio', 'goal'], rows)}\n`)
  if (workers.length > 1) await printShares(app.pg, shares)
  process.stdout.write(`The chart is bench/out/backfill.svg.\n`)
}

async function importIcons({ app }: Bench, wanted: number): Promise<number> {
  const { modules } = await installDependencies()
  const collection = readIconifyCollection(app.pg, path.join(modules, '@iconify/json'))
  async function* some() {
    let taken = 0
    for await (const entry of collection) {
      yield entry
      if (!('reason' in entry) && ++taken >= wanted) return
    }
  }
  const { added } = await importItems({ pg: app.pg, originals: app.stores.originals }, some())
  return added
}

/** CPU time of the whole machine so far: of all programs, and with the idle time, ms. */
function busyMs(): { busy: number; all: number } {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq
    busy += used
    all += used + times.idle
  }
  return { busy, all }
}

async function sampleSources({ app }: Bench): Promise<Buffer[]> {
  const { rows } = await app.pg.query(
    `select source_key from (select source_key, row_number() over (order by id) as n, count(*) over () as all from item) as i
     where n % greatest(i.all / $1, 1) = 0 limit $1`,
    [POOL_ITEMS],
  )
  return await Promise.all(rows.map(({ source_key }) => app.stores.originals.get(source_key) as Promise<Buffer>))
}

/** The renderers alone: sources in memory, pictures dropped. */
async function measurePool({ app }: Bench, sources: readonly Buffer[]): Promise<number> {
  const variants = firstVariants(app.presets).map(({ preset, format }) => ({ preset: preset.name, format }))
  const queue = [...sources]
  const startedAt = performance.now()
  const worker = async () => {
    // A failing render takes its time in the backfill too.
    for (let svg = queue.pop(); svg; svg = queue.pop()) await app.pool.render(svg, variants, LIMIT).catch(() => {})
  }
  await Promise.all(Array.from({ length: 2 * (app.pool.size + 1) }, worker))
  return sources.length / ((performance.now() - startedAt) / 1000)
}

type Pg = Bench['app']['pg']

/** Which worker holds which chunk's job: the queue deletes it at the end. */
async function recordShares(pg: Pg, shares: Map<string, string>): Promise<void> {
  const { rows } = await pg.query(
    `select key, locked_by from graphile_worker.jobs where locked_by is not null and key like 'run_chunk:%'`,
  )
  for (const { key, locked_by } of rows) shares.set(key.slice('run_chunk:'.length), locked_by)
}

async function printShares(pg: Pg, shares: Map<string, string>): Promise<void> {
  const { rows } = await pg.query('select id, done_items + failed_items as items from backfill_chunk')
  const byWorker = new Map<string, number>()
  for (const { id, items } of rows) {
    const worker = shares.get(String(id)) ?? 'unseen'
    byWorker.set(worker, (byWorker.get(worker) ?? 0) + items)
  }
  const all = [...byWorker.values()].reduce((sum, items) => sum + items, 0)
  const evenly = all / [...byWorker.keys()].filter((worker) => worker !== 'unseen').length
  const lines = [...byWorker].map(([worker, items]) => [worker, items, (items / evenly).toFixed(2)])
  process.stdout.write(`${table(['worker', 'items', 'ratio to an even share (goal 0.9 to 1.1)'], lines)}\n`)
}
