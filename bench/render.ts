import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import sharp from 'sharp'
import { readPresets } from '../src/core/presets.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { cpuMsOf, rssOf } from '../src/render/spawn-renderer.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { drawIcons } from './fidelity/sample.ts'
import { densityFor } from './support/density.ts'
import { measureNative } from './support/native.ts'
import { table } from './support/service.ts'

const run1 = promisify(execFile)
const ROOT = path.join(import.meta.dirname, '..')
const { presets } = readPresets(path.join(ROOT, 'presets.json'))
const VARIANTS = ['thumbnail', 'preview', 'watermark'].map((preset) => ({ preset, format: 'WEBP' as const }))
const WANTED = VARIANTS.flatMap(({ preset }) => presets.get(preset) ?? [])
const CORES = 2
/** Renders that a worker has in flight: two chunks, each with one more than there are renderers. */
const CONCURRENCY = 2 * (CORES + 1)
/** Rendered before measuring, so that processes and libraries have started. */
const WARM_UP = 20

/** Pictures of one source, in the order thumbnail, preview, watermark. */
type Made = readonly Uint8Array[]

interface Timed {
  readonly made: readonly Made[]
  readonly ms: number
  /** CPU time of the processes that render, user and system, ms: hardly depends on what else the machine does. Null: unknown. */
  readonly cpuMs: number | null
}

interface Contender {
  readonly name: string
  readonly make: (sources: readonly Buffer[], warmUp: readonly Buffer[]) => Promise<Timed>
}

/**
 * The same icons and variants (128, 512, 512 with watermark, white) by the original converter, by a plain sharp script, by our pool, and
 * by our render calls in bare loops. `npm run bench -- render [--items N] [--soak N]`; the first needs Debian's librsvg2-bin and ffmpeg,
 * and is left out without them. `--native PROGRAM` adds the machine's limit: see support/native.ts.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '300' },
      soak: { type: 'string', default: '0' },
      native: { type: 'string' },
    },
  })
  const { modules } = await installDependencies()
  const count = Number(values.items)
  const icons = await drawIcons(modules, { count: count + WARM_UP, seed: 1, colourShare: 'as the sets are' })
  const [sources, warmUp] = [icons.slice(WARM_UP), icons.slice(0, WARM_UP)].map((part) =>
    part.map(({ svg }) => svg),
  ) as [Buffer[], Buffer[]]
  const truth = await lossless(sources)
  const rows: (string | number)[][] = []
  const rates: Record<string, number> = {}
  for (const { name, make } of CONTENDERS) {
    const timed = await make(sources, warmUp).catch((error) => {
      process.stdout.write(`${name} is left out: ${error.message.split('\n')[0]}\n`)
      return null
    })
    if (!timed) continue
    const { made, ms, cpuMs } = timed
    const rate = (sources.length / ms) * 1000
    rates[name] = rate
    const bytes = made.flat().reduce((sum, picture) => sum + picture.length, 0)
    const cpu = cpuMs === null ? '' : `${(cpuMs / sources.length).toFixed(2)} ms`
    rows.push([name, rate.toFixed(1), cpu, bytes, (await meanError(made, truth)).toFixed(2)])
  }
  if (values.native) {
    const { rate, cpuMs, bytes } = await measureNative(values.native, { sources, threads: CORES })
    rows.push(['native code', rate.toFixed(1), `${(cpuMs / sources.length).toFixed(2)} ms`, bytes, ''])
  }
  const ratio = (other: string) => (rates[OURS] && rates[other] ? (rates[OURS] / rates[other]).toFixed(2) : 'not run')
  process.stdout.write(`\n${sources.length} icons, ${CORES} processes each\n\n`)
  process.stdout.write(
    `${table(['by', 'icons/s', 'CPU of an icon', 'bytes', 'error of the preview (mean of 255)'], rows)}\n\n`,
  )
  process.stdout.write(
    `${OURS} against ${SEED}: ${ratio(SEED)} (goal 15), ${SHARP}: ${ratio(SHARP)} (goal 2), ${BARE}: ${ratio(BARE)} (goal 0.95)\n`,
  )
  if (Number(values.soak) > 0) await soak(sources, Number(values.soak))
}

const [SEED, SHARP, OURS, BARE] = ['(a) rsvg-convert + ffmpeg', '(b) plain sharp', '(c) our pool', '(d) bare loops']

const CONTENDERS: readonly Contender[] = [
  { name: SEED, make: bySeed },
  { name: SHARP, make: (sources, warmUp) => inProcesses('sharp', sources, warmUp) },
  { name: OURS, make: byPool },
  { name: BARE, make: (sources, warmUp) => inProcesses('bare', sources, warmUp) },
]

/** Runs `work` on every source, as many at once as there are cores. */
async function concurrently<T>(
  sources: readonly Buffer[],
  work: (svg: Buffer, index: number) => Promise<T>,
  width = CORES,
): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < sources.length; index = next++)
      results[index] = await work(sources[index] as Buffer, index)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}

/** @param pids the processes that render */
async function timed(work: () => Promise<readonly Made[]>, pids: readonly (number | undefined)[] = []): Promise<Timed> {
  const used = async () => (await Promise.all(pids.map(cpuMsOf))).reduce((sum: number, ms) => sum + (ms ?? 0), 0)
  const cpuFrom = await used()
  const from = performance.now()
  const made = await work()
  const ms = performance.now() - from
  return { made, ms, cpuMs: pids.length > 0 ? (await used()) - cpuFrom : null }
}

/** The original converter: rsvg-convert for each size, then ffmpeg for each variant. */
async function bySeed(sources: readonly Buffer[]): Promise<Timed> {
  const watermark = await readFile(path.join(ROOT, 'assets/watermark.svg'))
  const folder = await mkdtemp(path.join(tmpdir(), 'afterimage-bench-'))
  const file = (name: string) => path.join(folder, name)
  const draw = (from: string, to: string, side: number, more: string[] = []) =>
    run1('rsvg-convert', ['-w', `${side}`, '-h', `${side}`, '-a', ...more, '-o', file(to), file(from)])
  const encode = (args: string[], to: string) => run1('ffmpeg', ['-v', 'error', '-y', ...args, '-q:v', '75', file(to)])
  try {
    await writeFile(file('watermark.svg'), watermark)
    await draw('watermark.svg', 'watermark.png', 512)
    const convert = async (svg: Buffer, index: number) => {
      const own = (name: string) => `${index}-${name}`
      await writeFile(file(own('a.svg')), svg)
      await draw(own('a.svg'), own('128.png'), 128, ['-b', 'white'])
      await encode(['-i', file(own('128.png')), '-vf', 'format=yuv420p'], own('thumbnail.webp'))
      await draw(own('a.svg'), own('512.png'), 512, ['-b', 'white'])
      await encode(['-i', file(own('512.png')), '-vf', 'format=yuv420p'], own('preview.webp'))
      const over = [
        '-i',
        file(own('512.png')),
        '-i',
        file('watermark.png'),
        '-filter_complex',
        'overlay,format=yuv420p',
      ]
      await encode(over, own('watermark.webp'))
      return await Promise.all(['thumbnail', 'preview', 'watermark'].map((name) => readFile(file(own(`${name}.webp`)))))
    }
    return await timed(() => concurrently(sources, convert))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function byPool(sources: readonly Buffer[], warmUp: readonly Buffer[]): Promise<Timed> {
  const pool = openRenderPool({ presets, size: CORES, waitingMax: 1000 })
  // An animation that starts invisible is refused as BLANK.
  const make = async (svg: Buffer) => {
    const rendered = await pool.render(svg, VARIANTS, { cpuLimitMs: 20_000 }).catch(() => null)
    return rendered?.pictures.map(({ bytes }) => bytes) ?? []
  }
  try {
    await concurrently(warmUp, make, CONCURRENCY)
    return await timed(() => concurrently(sources, make, CONCURRENCY), pool.pids)
  } finally {
    await pool.close()
  }
}

/** Each core's share of the sources in its own process, without a pool: see support/render-loop.ts. */
async function inProcesses(
  how: 'sharp' | 'bare',
  sources: readonly Buffer[],
  warmUp: readonly Buffer[],
): Promise<Timed> {
  const loop = path.join(import.meta.dirname, 'support/render-loop.ts')
  const children = Array.from({ length: CORES }, () =>
    fork(loop, [how], { serialization: 'advanced', execArgv: ['--expose-gc'] }),
  )
  const ask = async (all: readonly Buffer[]) => {
    const shares = await Promise.all(
      children.map(async (child, core) => {
        child.send({ sources: all.filter((_svg, index) => index % CORES === core), presets: WANTED })
        return ((await once(child, 'message')) as [Made[]])[0]
      }),
    )
    return all.map((_, index) => shares[index % CORES]?.[Math.floor(index / CORES)] ?? [])
  }
  try {
    await ask(warmUp)
    const pids = children.map(({ pid }) => pid)
    return await timed(() => ask(sources), pids)
  } finally {
    for (const child of children) child.kill()
  }
}

/** Lossless previews by librsvg, as the reference for errors. */
const lossless = (sources: readonly Buffer[]) =>
  concurrently(sources, async (svg) => {
    const density = await densityFor(svg, 512)
    const fitted = sharp(svg, { density }).resize(512, 512, { fit: 'contain', background: '#fff' })
    return await fitted.flatten({ background: '#fff' }).raw().toBuffer()
  })

/** Mean absolute difference of the previews' channels from a lossless raster. */
async function meanError(made: readonly Made[], truth: readonly Buffer[]): Promise<number> {
  let [sum, count] = [0, 0]
  for (const [index, [, preview]] of made.entries()) {
    if (!preview) continue
    const { width, height } = await sharp(preview).metadata()
    // The original tool does not centre art that is not square, so it cannot be compared.
    if (width !== 512 || height !== 512) continue
    const pixels = await sharp(preview).removeAlpha().raw().toBuffer()
    const expected = truth[index] as Buffer
    for (let at = 0; at < pixels.length; at++) sum += Math.abs((pixels[at] ?? 0) - (expected[at] ?? 0))
    count += pixels.length
  }
  return sum / count
}

/** Renderers' memory over many renders. */
async function soak(all: readonly Buffer[], renders: number): Promise<void> {
  const pool = openRenderPool({ presets, size: CORES, waitingMax: 1000, recycleAfter: Number.POSITIVE_INFINITY })
  const rows: (string | number)[][] = []
  const step = Math.ceil(renders / 10)
  for (let done = 0; done < renders; done += step) {
    const batch = Array.from({ length: step }, (_, index) => all[(done + index) % all.length] as Buffer)
    await concurrently(
      batch,
      (svg) => pool.render(svg, VARIANTS, { cpuLimitMs: 20_000 }).catch(() => null),
      CONCURRENCY,
    )
    const rss = await Promise.all(pool.pids.map(rssOf))
    rows.push([done + step, rss.map((bytes) => Math.round(bytes / 1e6)).join(', ')])
  }
  await pool.close()
  process.stdout.write(`\n${table(['renders', 'RSS of the renderers, MB (goal 250, flat)'], rows)}\n`)
}
