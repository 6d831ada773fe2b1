import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { BATCH, type Chromium, openChromium } from './fidelity/chromium.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { type Drawer, openDrawer } from './fidelity/drawer.ts'
import { drawIcons, type Group, type Icon } from './fidelity/sample.ts'
import { type Row, writeSheet } from './fidelity/sheet.ts'

const SIZE = 256
/** The goal: at most so many of a picture's pixels differ from Chromium's. */
const DIFFERENCE_MAX = 0.01
const WORST_SHOWN = 10
const SHEET = path.join(import.meta.dirname, 'out/fidelity-worst.png')

type Pixelmatch = (
  one: Uint8Array,
  other: Uint8Array,
  output: Uint8Array | undefined,
  width: number,
  height: number,
  options: { threshold: number },
) => number

interface Result {
  readonly icon: Icon
  readonly engine: string
  /** Share of pixels that differ, 0 to 1; 1 where we draw nothing. */
  readonly difference: number
  readonly note: string
}

/** How far our pictures are from Chromium's: a table by engine and group, and the worst ten side by side. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { icons: { type: 'string' }, seed: { type: 'string' } } })
  const [count, seed] = [Number(values.icons ?? 1000), Number(values.seed ?? 1)]
  const { require, modules } = await installDependencies()
  const { default: pixelmatch } = (await import(pathToFileURL(require.resolve('pixelmatch')).href)) as {
    default: Pixelmatch
  }
  const icons = await drawIcons(modules, { count, seed })
  const chromium = await openChromium({ require, size: SIZE })
  const drawer = openDrawer(SIZE)
  const tools = { chromium, drawer, pixelmatch }
  try {
    console.log(`${icons.length} icons at ${SIZE} px against Chromium ${chromium.version}, seed ${seed}`)
    const results = await compareAll(icons, tools)
    printTable(results)
    const worst = results.toSorted((a, b) => b.difference - a.difference).slice(0, WORST_SHOWN)
    printWorst(worst)
    await mkdir(path.dirname(SHEET), { recursive: true })
    await writeSheet(SHEET, { rows: await rowsOf(worst, tools), size: SIZE })
    console.log(`\nside by side (Chromium, ours, difference): ${path.relative(process.cwd(), SHEET)}`)
  } finally {
    drawer.close()
    await chromium.close()
  }
}

interface Tools {
  chromium: Chromium
  drawer: Drawer
  pixelmatch: Pixelmatch
}

async function compareAll(icons: readonly Icon[], { chromium, drawer, pixelmatch }: Tools): Promise<Result[]> {
  const results: Result[] = []
  // On a full page Chromium now and then loses a mask (flagpack:km, flagpack:pw): a miss gets a page of its own.
  const alone = async (icon: Icon) => (await chromium.shoot([icon.svg]))[0] as Buffer
  for (let start = 0; start < icons.length; start += BATCH) {
    const batch = icons.slice(start, start + BATCH)
    const truths = await chromium.shoot(batch.map(({ svg }) => svg))
    for (const [index, icon] of batch.entries()) {
      const truth = truths[index]
      if (!truth) throw new Error(`Chromium takes ${icon.name} for no image; leave it out of the sample`)
      const { pixels, engine, note } = await drawer.draw(icon.svg)
      let difference = pixels ? differenceOf(pixelmatch, truth, pixels) : 1
      if (pixels && difference > DIFFERENCE_MAX) difference = differenceOf(pixelmatch, await alone(icon), pixels)
      results.push({ icon, engine, difference, note })
    }
  }
  return results
}

const differenceOf = (pixelmatch: Pixelmatch, truth: Buffer, pixels: Buffer, output?: Buffer) =>
  pixelmatch(truth, pixels, output, SIZE, SIZE, { threshold: 0.1 }) / (SIZE * SIZE)

function printTable(results: readonly Result[]): void {
  const row = (group: Group | 'all', engine: string) => {
    const own = results.filter(
      (result) => (group === 'all' || result.icon.group === group) && (engine === 'all' || result.engine === engine),
    )
    const misses = own.filter(({ difference }) => difference > DIFFERENCE_MAX).length
    const mean = own.reduce((sum, { difference }) => sum + difference, 0) / own.length
    return {
      group,
      engine,
      icons: own.length,
      misses,
      'within 1 %': percent(1 - misses / own.length),
      mean: percent(mean),
    }
  }
  const engines = [...new Set(results.map(({ engine }) => engine))].sort()
  const groups: Group[] = ['single-colour', 'colour']
  const rows = groups.flatMap((group) => engines.map((engine) => row(group, engine)))
  console.table([...rows.filter(({ icons }) => icons > 0), row('all', 'all')])
}

function printWorst(worst: readonly Result[]): void {
  console.log(`the worst ${worst.length}:`)
  for (const { icon, engine, difference, note } of worst) {
    console.log(`  ${percent(difference).padStart(9)}  ${engine.padEnd(8)} ${icon.name} ${note}`)
  }
}

async function rowsOf(worst: readonly Result[], { chromium, drawer, pixelmatch }: Tools): Promise<Row[]> {
  const rows: Row[] = []
  const blank = Buffer.alloc(SIZE * SIZE * 4)
  for (const { icon, engine, difference } of worst) {
    const truth = (await chromium.shoot([icon.svg]))[0] ?? blank
    const pixels = (await drawer.draw(icon.svg)).pixels ?? blank
    const marked = Buffer.alloc(blank.length)
    differenceOf(pixelmatch, truth, pixels, marked)
    rows.push({ title: `${icon.name}  ${engine}  ${percent(difference)}`, tiles: [truth, pixels, marked] })
  }
  return rows
}

const percent = (share: number) => `${(share * 100).toFixed(3)} %`
