import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import type { Item } from '../prisma/generated/client/client.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { readDemo } from '../src/import/demo.ts'
import { importItems } from '../src/import/import-items.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { backfilledPresets } from '../src/variants/offered.ts'
import { getImage } from './support/load.ts'
import { type Bench, evenly, median, rssMb, startProgram, table, withBench } from './support/service.ts'

const LIMIT = { cpuLimitMs: 20_000 }
const MISSES = 100
const HITS_S = 8

/**
 * Compares the service with its own renderers on the demo catalogue: an end-to-end backfill, first requests, and stored pictures. `npm
 * run bench -- demo [--items N]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { items: { type: 'string', default: '1500' } } })
  await withBench(async (bench) => {
    const all = []
    for await (const entry of readDemo()) all.push(entry)
    await importItems({ pg: bench.app.pg, originals: bench.app.stores.originals }, evenly(all, Number(values.items)))
    const items = await bench.app.prisma.item.findMany({ orderBy: { id: 'asc' } })
    const rows = [
      await measureMisses(bench, items),
      await measureHits(bench, items),
      ...(await measureBackfill(bench, items)),
    ]
    process.stdout.write(
      `\n${items.length} items of the demo, ${bench.app.pool.size} renderers\n\n${table(['what', 'measured', 'compared with', 'ratio', 'goal'], rows)}\n`,
    )
  })
}

type Row = [what: string, measured: string, against: string, ratio: string, goal: string]

/** A first request over HTTP, alternating with the pool's own time for the same variant of the same item. */
async function measureMisses(bench: Bench, items: readonly Item[]): Promise<Row> {
  const { app } = bench
  const { said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
  const url = /http:\S+(?=\/graphql)/.exec(said)?.[0]
  const variant = { preset: 'preview', format: 'WEBP' } as const
  const times = { http: [] as number[], pool: [] as number[] }
  const sample = evenly(items, MISSES + 10)
  for (const [index, item] of sample.entries()) {
    const svg = (await app.stores.originals.get(item.sourceKey)) as Buffer
    const pool = await timed(() => app.pool.render(svg, [variant], LIMIT))
    const http = await timed(() => getImage(`${url}/images/${variantKeyOf(app, item, variant)}`))
    // The first few warm up both sides.
    if (index >= sample.length - MISSES) {
      times.http.push(http)
      times.pool.push(pool)
    }
  }
  const [http, pool] = [median(times.http), median(times.pool)]
  return [
    'first request, median',
    `${http.toFixed(1)} ms`,
    `pool alone ${pool.toFixed(1)} ms`,
    (http / pool).toFixed(2),
    '<= 1.5',
  ]
}

/** Stored previews from one API process on one core. */
async function measureHits(bench: Bench, items: readonly Item[]): Promise<Row> {
  const { app } = bench
  const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0
  const { said } = await startProgram(bench, {
    file: 'src/bin/api.ts',
    ready: /graphql/,
    ...(pinned ? { prefix: ['taskset', '-c', '0'] } : {}),
  })
  const url = /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? ''
  const paths = evenly(items, 50).map(
    (item) => `/images/${variantKeyOf(app, item, { preset: 'preview', format: 'WEBP' })}`,
  )
  for (const path of paths) await fetch(url + path)
  const result = await autocannon({ url, connections: 32, duration: HITS_S, requests: paths.map((path) => ({ path })) })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} bad answers, ${result.errors} errors`)
  return [
    'stored previews',
    `${Math.round(result.requests.average)}/s${pinned ? ' on one core' : ''}`,
    '3000/s',
    (result.requests.average / 3000).toFixed(2),
    '>= 1',
  ]
}

/** An end-to-end backfill by one worker process, compared with the pool alone with the same items and presets. */
async function measureBackfill(bench: Bench, items: readonly Item[]): Promise<Row[]> {
  const { app } = bench
  const variants = backfilledPresets(app.presets).map((preset) => ({ preset, format: 'WEBP' as const }))
  const sources = await Promise.all(
    items.map(async ({ sourceKey }) => (await app.stores.originals.get(sourceKey)) as Buffer),
  )
  const poolMs = await timed(async () => {
    const queue = [...sources]
    const worker = async () => {
      for (let svg = queue.pop(); svg; svg = queue.pop()) await app.pool.render(svg, variants, LIMIT)
    }
    await Promise.all(Array.from({ length: 2 * (app.pool.size + 1) }, worker))
  })

  await app.pg.query('truncate image')
  for await (const { key } of app.stores.previews.list('')) await app.stores.previews.delete([key])
  const worker = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
  let peakMb = 0
  const look = async () => {
    peakMb = Math.max(peakMb, await rssMb(worker.child.pid ?? 0))
  }
  const watch = setInterval(() => void look(), 250)
  const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
  let backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
  while (!backfill.finishedAt) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
  }
  clearInterval(watch)
  const backfillMs = backfill.finishedAt.getTime() - backfill.createdAt.getTime()
  const made = await app.prisma.image.count({ where: { ownerType: 'ITEM' } })
  if (made !== items.length * variants.length) throw new Error(`${made} images of ${items.length * variants.length}`)
  const rate = (ms: number) => (items.length / ms) * 1000
  return [
    [
      'backfill end to end',
      `${rate(backfillMs).toFixed(1)} items/s`,
      `pool alone ${rate(poolMs).toFixed(1)} items/s`,
      (rate(backfillMs) / rate(poolMs)).toFixed(2),
      '>= 0.8',
    ],
    ['RSS of the worker, peak', `${Math.round(peakMb)} MB`, '300 MB', (peakMb / 300).toFixed(2), '<= 1'],
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}
