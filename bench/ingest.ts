import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { App } from '../src/app.ts'
import { readDemo } from '../src/import/demo.ts'
import type { Entry } from '../src/import/import-items.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { completeUpload, UPLOAD_CHANNEL } from '../src/uploads/uploads.ts'
import { firstVariants } from '../src/variants/offered.ts'
import {
  type Bench,
  childrenOf,
  cpuMs,
  evenly,
  median,
  peakRssMb,
  startProgram,
  table,
  withBench,
} from './support/service.ts'
import { createStored, pack } from './support/uploads.ts'

const RUNS = 5
/** A worker has more renders in flight than renderers, so that none is idle. */
const RENDERS_PER_RENDERER = 4
const POLL_EVERY_MS = 20

/**
 * Time of an archive from completion to its last picture, compared with the renderers alone on the same icons; then a worker's peak
 * memory for a small and a large archive. `npm run bench -- ingest [--items N] [--entries N,N]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '500' },
      entries: { type: 'string', default: '5000,50000' },
    },
  })
  const all: Entry[] = []
  for await (const entry of readDemo()) if (!('reason' in entry)) all.push(entry)
  const icons = evenly(all, Number(values.items)).map(({ bytes }) => Buffer.from(bytes))
  // At the same priority as the renderers it is compared with, in case other programs use the processor.
  const env = { WORKER_NICENESS: '0' }
  const compare = async (bench: Bench) => {
    const { child } = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
    const cpu = { alone: [] as number[], ingested: [] as number[] }
    const alone: number[] = []
    const ingested: number[] = []
    const composed: number[] = []
    const toVisible: number[] = []
    // As with the pool's first renders, the worker's first upload is not counted: it compiles its code then.
    await ingest(bench.app, await pack('warm-up', icons), 'warm-up')
    for (let each = 0; each < RUNS; each++) {
      const { ms, cpuMs } = await renderAlone(bench.app, icons)
      alone.push(ms)
      cpu.alone.push(cpuMs)
      const archive = await pack(`run-${each}`, icons)
      const before = await cpuOfWorker(child.pid ?? 0)
      const { doneMs, visibleMs, composedMs } = await ingest(bench.app, archive, `run-${each}`)
      cpu.ingested.push((await cpuOfWorker(child.pid ?? 0)) - before)
      ingested.push(doneMs)
      composed.push(composedMs)
      toVisible.push(visibleMs)
    }
    const rate = (ms: number) => (icons.length / ms) * 1000
    const ratiosOf = (ends: readonly number[]) => alone.map((ms, at) => ms / (ends[at] ?? ms))
    const rows = [
      ...(
        [
          ['picture', ingested, ''],
          ["of the family's composites", composed, '>= 0.8'],
        ] as const
      ).map(([last, ends, goal]) => [
        `${icons.length} icons, from complete to the last ${last}`,
        `${rate(median(ends)).toFixed(1)}/s (${(median(ends) / 1000).toFixed(1)} s)`,
        `pool alone ${rate(median(alone)).toFixed(1)}/s`,
        `${median(ratiosOf(ends)).toFixed(2)} (${ratiosOf(ends)
          .map((ratio) => ratio.toFixed(2))
          .join(', ')})`,
        goal,
      ]),
      // If all cores are busy, this is the ratio of the rates, independent of other programs.
      [
        'CPU of the worker and its renderers for an icon',
        `${(median(cpu.ingested) / icons.length).toFixed(1)} ms`,
        `pool alone ${(median(cpu.alone) / icons.length).toFixed(1)} ms`,
        (median(cpu.alone) / median(cpu.ingested)).toFixed(2),
        '>= 0.8',
      ],
      ['until all are in the catalogue', `${(median(toVisible) / 1000).toFixed(2)} s`, '', '', ''],
    ]
    process.stdout.write(`${table(['what', 'measured', 'compared with', 'ratio', 'goal'], rows)}\n\n`)
  }
  await withBench(compare, { env })
  const rows: (string | number)[][] = []
  for (const entries of values.entries.split(',').map(Number)) {
    // A separate worker for each, so that the peak belongs to this archive alone.
    await withBench(async (bench) => {
      const { seconds, peakMb } = await measureMemory(bench, entries, icons)
      rows.push([entries, peakMb.toFixed(0), seconds.toFixed(1), (entries / seconds).toFixed(0)])
    })
  }
  const head = ['entries in one set', 'peak RSS of the worker, MB', 's until they are in the catalogue', 'entries/s']
  process.stdout.write(`${table(head, rows)}\n`)
}

const cpuOfWorker = async (pid: number): Promise<number> =>
  [pid, ...(await childrenOf(pid))].reduce(async (sum, each) => (await sum) + (await cpuMs(each)), Promise.resolve(0))

/** Wall-clock time, and CPU time of this process and the renderers. */
async function renderAlone(
  { presets, config }: App,
  icons: readonly Buffer[],
): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const size = config.renderers
  const pool = openRenderPool({ presets, size, waitingMax: 1000 })
  const variants = firstVariants(presets).map(({ preset, format }) => ({ preset: preset.name, format }))
  const renderAll = async (sources: readonly Buffer[]) => {
    const queue = [...sources]
    const worker = async () => {
      for (let svg = queue.shift(); svg; svg = queue.shift())
        await pool.render(svg, variants, { cpuLimitMs: 20_000 }).catch(() => null)
    }
    await Promise.all(Array.from({ length: size * RENDERS_PER_RENDERER }, worker))
  }
  try {
    await renderAll(icons.slice(0, 10 * size))
    const cpuNow = async () => {
      const all = await Promise.all([process.pid, ...pool.pids].map((pid) => cpuMs(pid)))
      return all.reduce((sum, each) => sum + each, 0)
    }
    const [from, cpuFrom] = [performance.now(), await cpuNow()]
    await renderAll(icons)
    return { ms: performance.now() - from, cpuMs: (await cpuNow()) - cpuFrom }
  } finally {
    await pool.close()
  }
}

async function ingest(app: App, archive: Buffer, vendor: string) {
  const id = await createStored(app, archive, vendor)
  const from = performance.now()
  await completeUpload({ ...app, originals: app.stores.originals }, id)
  let visibleMs = 0
  // By notifications: polling would take a twentieth of a core.
  for await (const _ of app.events.follow(UPLOAD_CHANNEL, String(id), AbortSignal.timeout(600_000))) {
    const { status, problemCount } = await app.prisma.upload.findUniqueOrThrow({ where: { id } })
    if (status === 'REFUSED' || status === 'FAILED')
      throw new Error(`the upload is ${status}: ${problemCount} problems`)
    if (status === 'RENDERING') visibleMs ||= performance.now() - from
    if (status === 'COMPLETED') break
  }
  const doneMs = performance.now() - from
  const composites = { isCurrent: true, family: { vendor: { username: vendor } } }
  while ((await app.prisma.composite.count({ where: composites })) < app.layouts.size) await delay(POLL_EVERY_MS)
  return { doneMs, visibleMs, composedMs: performance.now() - from }
}

async function measureMemory(
  bench: Bench,
  entries: number,
  icons: readonly Buffer[],
): Promise<{ seconds: number; peakMb: number }> {
  const { app } = bench
  // All different, so that each is a separate original.
  const sources = Array.from({ length: entries }, (_, at) =>
    Buffer.concat([icons[at % icons.length] as Buffer, Buffer.from(`<!-- ${at} -->`)]),
  )
  const archive = await pack('memory', sources)
  const { child } = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
  const id = await createStored(app, archive, 'memory')
  const from = performance.now()
  await completeUpload({ ...app, originals: app.stores.originals }, id)
  for (;;) {
    const { status } = await app.prisma.upload.findUniqueOrThrow({ where: { id } })
    if (status === 'REFUSED' || status === 'FAILED') throw new Error(`the upload is ${status}`)
    if (status === 'RENDERING' || status === 'COMPLETED') break
    await delay(100)
  }
  return { seconds: (performance.now() - from) / 1000, peakMb: await peakRssMb(child.pid ?? 0) }
}
