import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Chromium, openChromium } from './fidelity/chromium.ts'
import {
  compareAll,
  DIFFERENCE_MAX,
  differenceOf,
  type Pixelmatch,
  type Result,
  type Tools,
} from './fidelity/compare.ts'
import { installClipArt, readCases, readFolder, readIcons, readSuite, type Sample } from './fidelity/corpora.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { type Row, writeSheet } from './fidelity/sheet.ts'
import { openStored } from './fidelity/stored.ts'
import { openTruths } from './fidelity/truth.ts'

/** The size of the preset `preview`. */
const SIZE = 512
const TILE = 256
const WORST_SHOWN = 96
const OUT = path.join(import.meta.dirname, 'out')

const OPTIONS = {
  icons: { type: 'string', default: '1000' },
  'clip-art': { type: 'string', default: '1463' },
  cases: { type: 'string' },
  only: { type: 'string', default: '' },
  suite: { type: 'string' },
  seed: { type: 'string', default: '1' },
} as const

/**
 * Compares our stored pictures with Chromium's, over up to four corpora: icons (`--icons N`), clip art (`--clip-art N`), cases in a
 * folder (`--cases FOLDER`, optionally `--only PART`) and resvg's tests (`--suite FOLDER`). 0 leaves one out.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const seed = Number(values.seed)
  const { require, modules } = await installDependencies()
  const { default: pixelmatch } = (await import(pathToFileURL(require.resolve('pixelmatch')).href)) as {
    default: Pixelmatch
  }
  let chromium: Promise<Chromium> | undefined
  const open = () => {
    chromium ??= openChromium({ require, size: SIZE })
    return chromium
  }
  const store = openStored(SIZE, 2)
  const tools: Tools = { truths: openTruths({ chromium: open, size: SIZE }), store, pixelmatch, size: SIZE }
  const corpora: [name: string, read: () => Promise<Sample[]>, isWanted: boolean][] = [
    ['icons', () => readIcons(modules, { count: Number(values.icons), seed }), values.icons !== '0'],
    ['cases', () => readCases(values.cases ?? '', values.only), values.cases !== undefined],
    [
      'clip-art',
      async () => readFolder(await installClipArt(), { count: Number(values['clip-art']), seed }),
      values['clip-art'] !== '0',
    ],
    ['suite', () => readSuite(values.suite ?? ''), values.suite !== undefined],
  ]
  await mkdir(OUT, { recursive: true })
  try {
    for (const [name, read, isWanted] of corpora) if (isWanted) await report(name, await read(), tools)
  } finally {
    await store.close()
    await (await chromium)?.close()
  }
}

async function report(name: string, samples: readonly Sample[], tools: Tools): Promise<void> {
  const started = performance.now()
  const results = await compareAll(samples, tools)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(
    `\n${name}: ${results.length} of ${samples.length} are valid images in Chromium; ${SIZE} px, ${seconds} s`,
  )
  printTable(results)
  const worst = results
    .filter(({ difference }) => difference > DIFFERENCE_MAX)
    .sort((a, b) => b.difference - a.difference)
  await writeFile(path.join(OUT, `fidelity-${name}.txt`), results.map(lineOf).join(''))
  for (const result of worst.slice(0, WORST_SHOWN)) process.stdout.write(lineOf(result))
  const sheet = path.join(OUT, `fidelity-${name}.png`)
  await writeSheet(sheet, { rows: await rowsOf(worst.slice(0, WORST_SHOWN), tools), size: SIZE, tile: TILE })
  console.log(`side by side (Chromium, ours, difference): ${path.relative(process.cwd(), sheet)}`)
}

const lineOf = ({ sample, difference, engine, bytes, note }: Result) =>
  `${percent(difference).padStart(10)}  ${engine.padEnd(16)} ${String(bytes).padStart(7)} B  ${sample.name}  ${note}\n`

function printTable(results: readonly Result[]): void {
  const row = (own: readonly Result[]) => {
    const right = own.filter(({ difference }) => difference <= DIFFERENCE_MAX).length
    const bytes = own.reduce((sum, result) => sum + result.bytes, 0)
    return { right, of: own.length, share: percent(right / own.length), 'mean bytes': Math.round(bytes / own.length) }
  }
  const by = (key: (result: Result) => string) =>
    Object.fromEntries(
      [...Map.groupBy(results, key)].sort(([a], [b]) => a.localeCompare(b)).map(([name, own]) => [name, row(own)]),
    )
  console.table({ ...by(({ sample }) => sample.group), ...by(({ engine }) => engine), all: row(results) })
}

async function rowsOf(worst: readonly Result[], tools: Tools): Promise<Row[]> {
  const rows: Row[] = []
  const blank = Buffer.alloc(SIZE * SIZE * 4)
  for (const { sample, engine, difference, note } of worst) {
    const truth = (await tools.truths.of([sample]))[0] ?? blank
    const pixels = (await tools.store.draw(sample.svg)).pixels ?? blank
    const marked = Buffer.alloc(blank.length)
    differenceOf(tools, { truth, pixels, marked })
    rows.push({ title: `${sample.name}  ${engine}  ${percent(difference)}  ${note}`, tiles: [truth, pixels, marked] })
  }
  return rows
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`
