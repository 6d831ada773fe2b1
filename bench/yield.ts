import { parseArgs } from 'node:util'
import type { Item } from '../prisma/generated/client/client.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { readProgress } from '../src/backfill/progress.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { readDemo } from '../src/import/demo.ts'
import { importItems } from '../src/import/import-items.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { getImage } from './support/load.ts'
import { type Bench, evenly, startProgram, table, withBench } from './support/service.ts'

/** Viewers arrive at intervals: the question is how long one waits, not how many are possible. */
const EVERY_MS = 100

/**
 * First requests to an API while a worker on the same machine runs a backfill, compared with an idle worker. `npm run bench -- yield
 * [--misses N]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { misses: { type: 'string', default: '200' } } })
  const misses = Number(values.misses)
  await withBench(async (bench) => {
    const { app } = bench
    const entries = []
    for await (const entry of readDemo()) entries.push(entry)
    await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
    // The backfill works upwards from the first item; viewers request the last ones, alternating between the two sides.
    const items = evenly(await app.prisma.item.findMany({ orderBy: { id: 'desc' }, take: 3 * misses }), 2 * misses)
    const { said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
    const url = /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? ''
    await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })

    const idle = await measure(bench, { url, items: items.filter((_, index) => index % 2 === 0) })
    const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
    const settled = async () => (await readProgress(app.pg, [id]))[0]?.doneItems ?? 0
    while ((await settled()) < 50) await new Promise((resolve) => setTimeout(resolve, 100))
    const [before, startedAt] = [await settled(), performance.now()]
    const busy = await measure(bench, { url, items: items.filter((_, index) => index % 2 === 1) })
    const rate = ((await settled()) - before) / ((performance.now() - startedAt) / 1000)

    const row = (what: string, share: number) => {
      const [a, b] = [quantile(idle, share), quantile(busy, share)]
      return [what, `${b.toFixed(1)} ms`, `idle ${a.toFixed(1)} ms`, (b / a).toFixed(2), share === 0.95 ? '<= 2' : '']
    }
    const rows = [
      row('first request, p50', 0.5),
      row('first request, p95', 0.95),
      row('first request, p99', 0.99),
      ['backfill meanwhile', `${rate.toFixed(1)} items/s`, '', '', ''],
    ]
    process.stdout.write(`${table(['what', 'during a backfill', 'compared with', 'ratio', 'goal'], rows)}\n`)
  })
}

async function measure({ app }: Bench, { url, items }: { url: string; items: readonly Item[] }): Promise<number[]> {
  const times: number[] = []
  for (const item of items) {
    const from = performance.now()
    await getImage(`${url}/images/${variantKeyOf(app, item, { preset: 'preview', format: 'WEBP' })}`)
    times.push(performance.now() - from)
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  return times.sort((a, b) => a - b)
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
