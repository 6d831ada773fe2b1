import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { toAppError } from '../src/core/errors.ts'
import { SOURCE_BYTES_MAX } from '../src/core/limits.ts'
import { readPresets } from '../src/core/presets.ts'
import { chooseEngine } from '../src/render/child/engine.ts'
import { normalise } from '../src/render/child/normalise/normalise.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { measureRender } from './support/measure-render.ts'
import { serveFiles } from './support/served.ts'
import { table, withBench } from './support/service.ts'
import { FAR_KINDS } from './support/worst-far.ts'
import { FILTER_KINDS } from './support/worst-filters.ts'
import { INNER_KINDS } from './support/worst-inner.ts'
import { MISSED_KINDS } from './support/worst-missed.ts'
import { MIXED_KINDS } from './support/worst-mixed.ts'
import { SHAPE_KINDS } from './support/worst-shapes.ts'
import { CSS_KINDS } from './support/worst-styles.ts'
import { READ_KINDS } from './support/worst-texts.ts'
import { USE_KINDS } from './support/worst-uses.ts'
import type { WorstKind } from './support/worst-words.ts'

const { presets } = readPresets(path.join(import.meta.dirname, '../presets.json'))
/** Far above the limit, to see what would happen without it. */
const CPU_LIMIT_MS = 12_000
/** What a render may take: the limit of a first request, and of a renderer's memory. */
const GOAL = { cpuMs: 5000, rssBytes: 512e6 }

/**
 * Renders three pictures of documents that are expensive on purpose, each in a new renderer, and prints CPU time and peak memory. Of each
 * generated kind it is the largest document that is accepted, the largest one that the other engine draws, and one as large as a source
 * may be.
 * `npm run bench -- hostile [PATTERN]`, or for the files of a directory `npm run bench -- hostile --cases DIR [PATTERN]`. With `--served DIR`
 * the files of a directory go through a running service instead: a first request and a backfill.
 */
export async function run(args: string[]): Promise<void> {
  if (args[0] === '--served') return await serveDirectory(args[1] ?? '.')
  const directory = args[0] === '--cases' ? args[1] : undefined
  const pattern = new RegExp(args[directory === undefined ? 0 : 2] ?? '')
  const kinds = [
    ...SHAPE_KINDS,
    ...FAR_KINDS,
    ...FILTER_KINDS,
    ...USE_KINDS,
    ...MIXED_KINDS,
    ...MISSED_KINDS,
    ...INNER_KINDS,
    ...CSS_KINDS,
    ...READ_KINDS,
  ].filter(([name]) => pattern.test(name))
  const documents = directory === undefined ? kinds.map(largestOf) : filesOf(directory)
  const rows: string[][] = []
  for (const [name, find] of documents.filter(([each]) => directory === undefined || pattern.test(each)))
    for (const [size, svg] of await find()) {
      const { outcome, cpuMs, rssBytes } = await measureOne(svg)
      const isOver = cpuMs > GOAL.cpuMs || rssBytes > GOAL.rssBytes
      const used = [`${(cpuMs / 1000).toFixed(2)} s`, `${Math.round(rssBytes / 1e6)} MB`]
      rows.push([name, size, outcome, ...used, isOver ? 'over' : ''])
      process.stderr.write(`${rows.at(-1)?.join('  ')}\n`)
    }
  process.stdout.write(`${table(['document', 'size', 'outcome', 'CPU', 'peak', ''], rows)}\n`)
}

type Found = readonly (readonly [size: string, svg: Buffer])[]
type Documents = readonly [name: string, find: () => Promise<Found> | Found]

function largestOf([name, make]: WorstKind): Documents {
  const engineFor = (count: number) => normalise(Buffer.from(make(count))).then(chooseEngine, () => null)
  return [
    name,
    async () => {
      const most = countOfBytes(make, SOURCE_BYTES_MAX - 100)
      const whole = ['5 MB', Buffer.from(make(most))] as const
      const isAccepted = (await engineFor(most)) !== null
      const largest = isAccepted ? most : await bisect(most, async (count) => (await engineFor(count)) !== null)
      if (largest === 0) return [whole]
      // The other engine may be slower with what it is given than this one is with more.
      const last = await engineFor(largest)
      const before = await bisect(largest, async (count) => (await engineFor(count)) !== last)
      const counts = before === 0 ? [largest] : [before, largest]
      return [...counts.map((count) => [`${count}`, Buffer.from(make(count))] as const), ...(isAccepted ? [] : [whole])]
    },
  ]
}

/** The largest count below `most` that is so, if all smaller ones are; 0 if none is. */
async function bisect(most: number, isSo: (count: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [0, most]
  for (let step = 0; step < STEPS && high - low > 1; step++) {
    const middle = low === 0 ? Math.floor(Math.sqrt(high)) : Math.ceil(Math.sqrt(low * high))
    if (await isSo(middle)) low = middle
    else high = middle
  }
  return low
}

/** Bisections of a ratio: the last ones differ by less than a tenth. */
const STEPS = 9

/** How often what a document is made of fits into this many bytes. */
function countOfBytes(make: WorstKind[1], bytes: number): number {
  const sizeOf = (count: number) => Buffer.byteLength(make(count))
  let count = 1
  while (sizeOf(count * 2) < bytes && count < COUNT_MAX) count *= 2
  for (let step = count / 2; step >= count / 16 && step >= 1; step = Math.floor(step / 2))
    if (sizeOf(count + step) < bytes) count += step
  return count
}

const COUNT_MAX = 8_000_000

async function measureOne(svg: Buffer) {
  const pool = openRenderPool({ presets, size: 1, waitingMax: 1 })
  const variants = [...presets.values()]
    .filter(({ backfill }) => backfill)
    .map(({ name }) => ({ preset: name, format: 'WEBP' }) as const)
  try {
    const { result, ...used } = await measureRender(pool, () =>
      pool.render(svg, variants, { cpuLimitMs: CPU_LIMIT_MS }),
    )
    const outcome =
      result instanceof Error ? `${toAppError(result).code} ${result.message}` : `RENDERED by ${result.engine}`
    return { outcome: outcome.slice(0, 90), ...used }
  } finally {
    await pool.close()
  }
}

async function serveDirectory(directory: string): Promise<void> {
  const files = namesIn(directory).map((name) => ({ name, bytes: readDocument(path.join(directory, name)) }))
  await withBench(async (bench) => {
    const { rows, isRight } = await serveFiles(bench, files)
    process.stdout.write(`${table(['what', 'seen', 'right'], rows)}\n`)
    if (!isRight) process.exitCode = 1
  })
}

const namesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.svg(\.gz)?$/.test(name))
    .sort()

const filesOf = (directory: string): Documents[] =>
  namesIn(directory).map((name) => [name, () => [['', readDocument(path.join(directory, name))]]])

const readDocument = (file: string): Buffer => {
  const bytes = readFileSync(file)
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes
}
