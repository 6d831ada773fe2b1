import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import sharp from 'sharp'
import { readDemo } from '../src/ingest/demo.ts'
import { readPresets } from '../src/presets.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { rssOf } from '../src/render/spawn-renderer.ts'
import { evenly, table } from './support/service.ts'

const run1 = promisify(execFile)
const ROOT = path.join(import.meta.dirname, '..')
const { presets } = readPresets(path.join(ROOT, 'presets.json'))
const WANTS = [...presets.keys()].map((preset) => ({ preset, format: 'WEBP' as const }))
const CORES = 2
const SELF = fileURLToPath(import.meta.url)

/** Pictures of one source, in the order thumbnail, preview, watermark. */
type Made = readonly Uint8Array[]

interface Contender {
  readonly name: string
  readonly make: (sources: readonly Buffer[], watermark: Buffer) => Promise<Made[]>
}

/**
 * The same icons and variants (128, 512, 512 with watermark, white) by the seed's converter, by a plain sharp script, by
 * our pool, and by our render calls in bare loops. `npm run bench -- render [--items N] [--soak N]`; the first takes Debian's
 * librsvg2-bin and ffmpeg, and is left out without them.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { items: { type: 'string', default: '300' }, soak: { type: 'string', default: '0' } },
  })
  const all: Buffer[] = []
  for await (const entry of readDemo()) if (!('reason' in entry)) all.push(Buffer.from(entry.bytes))
  const sources = evenly(all, Number(values.items))
  const watermark = await readFile(path.join(ROOT, 'assets/watermark.svg'))
  const truth = await lossless(sources)
  const rows: (string | number)[][] = []
  const rates: Record<string, number> = {}
  for (const { name, make } of CONTENDERS) {
    const from = performance.now()
    const made = await make(sources, watermark).catch((error) => {
      process.stdout.write(`${name} is left out: ${error.message.split('\n')[0]}\n`)
      return null
    })
    if (!made) continue
    const rate = (sources.length / (performance.now() - from)) * 1000
    rates[name] = rate
    const bytes = made.flat().reduce((sum, picture) => sum + picture.length, 0)
    rows.push([name, rate.toFixed(1), bytes, (await meanError(made, truth)).toFixed(2)])
  }
  const ratio = (other: string) => (rates[OURS] && rates[other] ? (rates[OURS] / rates[other]).toFixed(2) : 'not run')
  process.stdout.write(`\n${sources.length} icons, ${CORES} processes each\n\n`)
  process.stdout.write(`${table(['by', 'icons/s', 'bytes', 'error of the preview (mean of 255)'], rows)}\n\n`)
  process.stdout.write(
    `${OURS} against ${SEED}: ${ratio(SEED)} (goal 15), ${SHARP}: ${ratio(SHARP)} (goal 2), ${BARE}: ${ratio(BARE)} (goal 0.95)\n`,
  )
  if (Number(values.soak) > 0) await soak(all, Number(values.soak))
}

const [SEED, SHARP, OURS, BARE] = ['(a) rsvg-convert + ffmpeg', '(b) plain sharp', '(c) our pool', '(d) bare loops']

const CONTENDERS: readonly Contender[] = [
  { name: SEED, make: bySeed },
  { name: SHARP, make: (sources) => inProcesses('sharp', sources) },
  { name: OURS, make: byPool },
  { name: BARE, make: (sources) => inProcesses('bare', sources) },
]

/** `work` on every source, as many at once as there are cores. */
async function lanes<T>(
  sources: readonly Buffer[],
  work: (svg: Buffer, index: number) => Promise<T>,
  width = CORES,
): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const lane = async () => {
    for (let index = next++; index < sources.length; index = next++)
      results[index] = await work(sources[index] as Buffer, index)
  }
  await Promise.all(Array.from({ length: width }, lane))
  return results
}

/** The seed's converter: rsvg-convert for each size, then ffmpeg for each variant. */
async function bySeed(sources: readonly Buffer[], watermark: Buffer): Promise<Made[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'afterimage-bench-'))
  const file = (name: string) => path.join(folder, name)
  const draw = (from: string, to: string, side: number, more: string[] = []) =>
    run1('rsvg-convert', ['-w', `${side}`, '-h', `${side}`, '-a', ...more, '-o', file(to), file(from)])
  const encode = (args: string[], to: string) => run1('ffmpeg', ['-v', 'error', '-y', ...args, '-q:v', '75', file(to)])
  try {
    await writeFile(file('watermark.svg'), watermark)
    await draw('watermark.svg', 'watermark.png', 512)
    return await lanes(sources, async (svg, index) => {
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
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function byPool(sources: readonly Buffer[]): Promise<Made[]> {
  const pool = openRenderPool({ presets, size: CORES, waitingMax: 1000 })
  try {
    const made = await lanes(
      sources,
      async (svg) => (await pool.render(svg, WANTS, { timeoutMs: 20_000 })).pictures,
      CORES + 1,
    )
    return made.map((pictures) => pictures.map(({ bytes }) => bytes))
  } finally {
    await pool.close()
  }
}

/** Each core's share of the sources in a process of its own, with no pool: see render-loop.ts. */
async function inProcesses(how: 'sharp' | 'bare', sources: readonly Buffer[]): Promise<Made[]> {
  const shares = await Promise.all(
    Array.from({ length: CORES }, async (_, core) => {
      const child = fork(path.join(path.dirname(SELF), 'support/render-loop.ts'), [how], { serialization: 'advanced' })
      child.send({ sources: sources.filter((_svg, index) => index % CORES === core), presets: [...presets.values()] })
      const [made] = (await once(child, 'message')) as [Made[]]
      child.kill()
      return made
    }),
  )
  return sources.map((_, index) => shares[index % CORES]?.[Math.floor(index / CORES)] ?? [])
}

/** Previews without loss, to measure errors against. */
const lossless = (sources: readonly Buffer[]) =>
  lanes(sources, (svg) =>
    sharp(svg, { density: 1000 })
      .resize(512, 512, { fit: 'contain', background: '#fff' })
      .flatten({ background: '#fff' })
      .raw()
      .toBuffer(),
  )

/** Mean absolute difference of the previews' channels from a lossless raster. */
async function meanError(made: readonly Made[], truth: readonly Buffer[]): Promise<number> {
  let [sum, count] = [0, 0]
  for (const [index, [, preview]] of made.entries()) {
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
    await lanes(batch, (svg) => pool.render(svg, WANTS, { timeoutMs: 20_000 }), CORES + 1)
    const rss = await Promise.all(pool.pids.map(rssOf))
    rows.push([done + step, rss.map((bytes) => Math.round(bytes / 1e6)).join(', ')])
  }
  await pool.close()
  process.stdout.write(`\n${table(['renders', 'RSS of the renderers, MB (goal 250, flat)'], rows)}\n`)
}
