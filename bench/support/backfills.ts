import { availableParallelism } from 'node:os'
import type { Item } from '../../prisma/generated/client/client.ts'
import { startBackfill } from '../../src/backfill/backfills.ts'
import { checkRequest } from '../../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../../src/catalogue/scope.ts'
import { readDemo } from '../../src/import/demo.ts'
import { importItems } from '../../src/import/import-items.ts'
import { backfilledPresets } from '../../src/variants/offered.ts'
import { makeBuckets } from './buckets.ts'
import { type Bench, childrenOf, cpuMs, evenly, startProgram, withBench } from './service.ts'

const ITEMS = 900
const RUNS = 3

/** A number of items of the demo, sampled evenly. */
export async function importDemo({ app }: Bench, count: number): Promise<Item[]> {
  const all = []
  for await (const entry of readDemo()) all.push(entry)
  await importItems({ pg: app.pg, originals: app.stores.originals }, evenly(all, count))
  return await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
}

interface Run {
  readonly ms: number
  /** Of the worker alone, and including its renderers. */
  readonly workerCpuMs: number
  readonly ownCpuMs: number
  readonly serverCpuMs: number
}

/** The same backfill by one worker on the filesystem and on S3, alternating, each with its own database and stores. */
export async function compareBackfills(s3: { url: string; pid: number }) {
  const runs = { fs: [] as Run[], s3: [] as Run[] }
  for (let run = 0; run < RUNS; run++) {
    runs.fs.push(await measure({}, s3.pid))
    runs.s3.push(await measure(await makeBuckets(s3.url, `backfill-${Date.now()}`), s3.pid))
  }
  const mean = (of: Run[], pick: (run: Run) => number) => of.reduce((sum, run) => sum + pick(run), 0) / of.length
  const [fsMs, s3Ms] = [mean(runs.fs, ({ ms }) => ms), mean(runs.s3, ({ ms }) => ms)]
  const serverMs = mean(runs.s3, ({ serverCpuMs }) => serverCpuMs)
  // In production this runs on another machine.
  const cores = availableParallelism()
  const besideMs = s3Ms - serverMs / cores
  const rate = (ms: number) => `${((ITEMS / ms) * 1000).toFixed(1)} items/s`
  const cpu = (of: Run[], pick: (run: Run) => number) => mean(of, pick) / ITEMS
  const own = { fs: cpu(runs.fs, ({ ownCpuMs }) => ownCpuMs), s3: cpu(runs.s3, ({ ownCpuMs }) => ownCpuMs) }
  const worker = {
    fs: cpu(runs.fs, ({ workerCpuMs }) => workerCpuMs),
    s3: cpu(runs.s3, ({ workerCpuMs }) => workerCpuMs),
  }
  return [
    ['backfill on S3', rate(s3Ms), `on the filesystem ${rate(fsMs)}`, (fsMs / s3Ms).toFixed(2), '>= 0.85'],
    [
      "the same, the S3 server's CPU time set aside",
      rate(besideMs),
      `its share ${((serverMs / s3Ms / cores) * 100).toFixed(0)} %`,
      (fsMs / besideMs).toFixed(2),
      '',
    ],
    // If all cores are busy, this is the ratio of the rates, independent of other programs.
    [
      'CPU of worker and renderers for an item, on S3',
      `${own.s3.toFixed(1)} ms (worker ${worker.s3.toFixed(1)})`,
      `on the filesystem ${own.fs.toFixed(1)} ms (worker ${worker.fs.toFixed(1)})`,
      (own.fs / own.s3).toFixed(2),
      '>= 0.85',
    ],
  ] satisfies [string, string, string, string, string][]
}

async function measure(settings: Record<string, string>, serverPid: number): Promise<Run> {
  let measured: Run | null = null
  await withBench(
    async (bench) => {
      const { app } = bench
      await importDemo(bench, ITEMS)
      const { child } = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
      const pid = child.pid ?? 0
      const ofRenderers = async () => {
        let sum = 0
        for (const child of await childrenOf(pid)) sum += await cpuMs(child)
        return sum
      }
      const [worker, renderers, server] = [await cpuMs(pid), await ofRenderers(), await cpuMs(serverPid)]
      const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
      let backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
      while (!backfill.finishedAt) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
      }
      const made = await app.prisma.image.count({ where: { ownerType: 'ITEM' } })
      if (made !== ITEMS * backfilledPresets(app.presets).length)
        throw new Error(`${made} images of ${ITEMS * backfilledPresets(app.presets).length}`)
      const workerCpuMs = (await cpuMs(pid)) - worker
      measured = {
        ms: backfill.finishedAt.getTime() - backfill.createdAt.getTime(),
        workerCpuMs,
        ownCpuMs: workerCpuMs + (await ofRenderers()) - renderers,
        serverCpuMs: (await cpuMs(serverPid)) - server,
      }
    },
    { env: settings },
  )
  if (!measured) throw new Error('nothing was measured')
  return measured
}
