import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { arrange, cellsMaxOf, nameOf } from '../src/composites/arrange.ts'
import { chooseMembers } from '../src/composites/choose-members.ts'
import { makeComposite } from '../src/composites/make.ts'
import type { Layout } from '../src/core/layouts.ts'
import type { Preset } from '../src/core/variant.ts'
import { readDemo } from '../src/import/demo.ts'
import { importItems } from '../src/import/import-items.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { type Bench, median, peakRssMb, table, withBench } from './support/service.ts'

const ROUNDS = 9
const SEEDS = 5

/**
 * Compares a composite in one call to a renderer with its cells one by one, through the same pool, alternating. `npm run bench --
 * composite [--pictures]`; with `--pictures` it writes the README's pictures into docs/.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { pictures: { type: 'boolean', default: false } } })
  await withBench(async (bench) => {
    await importItems({ pg: bench.app.pg, originals: bench.app.stores.originals }, readDemo())
    if (values.pictures) return await writePictures(bench)
    const rows: string[][] = []
    for (const family of await bench.app.prisma.family.findMany({ orderBy: { id: 'asc' } }))
      for (const layout of bench.app.layouts.values()) rows.push(await compare(bench, { family, layout }))
    const head = ['family', 'layout', 'cells', 'composite', 'its cells one by one', 'ratio, goal <= 1.3', 'peak MB']
    process.stdout.write(`\n${table(head, rows)}\n`)
  })
}

async function compare(
  { app }: Bench,
  { family, layout }: { family: { id: number; name: string }; layout: Layout },
): Promise<string[]> {
  const presets = new Map<string, Preset>()
  const times = { whole: [] as number[], cells: [] as number[] }
  const drawings = await Promise.all(
    Array.from({ length: SEEDS }, async (_, seed) => {
      const settings = { seed, pinned: [], excluded: [] }
      const chosen = { familyId: family.id, name: family.name, layout, settings, kept: null }
      const { items } = await chooseMembers(app.pg, chosen)
      const sources = await Promise.all(items.map(({ originalKey }) => app.stores.originals.get(originalKey)))
      return arrange(layout, items.length).map((cell, index) => ({ ...cell, svg: sources[index] as Buffer }))
    }),
  )
  for (const { width, height } of drawings.flat())
    presets.set(presetOf({ width, height }, layout).name, presetOf({ width, height }, layout))
  const pool = openRenderPool({ presets, size: 1, waitingMax: 1 })
  try {
    for (let round = -2; round < ROUNDS; round++) {
      const cells = drawings[Math.abs(round) % SEEDS] ?? []
      const order = { layout, name: nameOf(layout, family.name), format: 'WEBP', cells } as const
      const whole = await timed(() => pool.compose(order, { cpuLimitMs: 20_000 }))
      const one = await timed(async () => {
        for (const cell of cells)
          await pool
            .render(cell.svg, [{ preset: presetOf(cell, layout).name, format: 'WEBP' }], { cpuLimitMs: 20_000 })
            .catch(() => null)
      })
      // The first rounds warm up both.
      if (round < 0) continue
      times.whole.push(whole)
      times.cells.push(one)
    }
    const [whole, one] = [median(times.whole), median(times.cells)]
    const peak = await Promise.all(pool.pids.map(peakRssMb))
    return [
      family.name,
      layout.name,
      String(cellsMaxOf(layout)),
      `${whole.toFixed(0)} ms`,
      `${one.toFixed(0)} ms`,
      (whole / one).toFixed(2),
      Math.max(...peak).toFixed(0),
    ]
  } finally {
    await pool.close()
  }
}

/** A cell as an item's picture. */
const presetOf = ({ width, height }: { width: number; height: number }, layout: Layout): Preset => ({
  name: `cell${width}by${height}`,
  width,
  height,
  background: layout.cellBackground,
  padding: layout.cellPadding,
  fit: 'contain',
  color: layout.color,
  watermark: null,
  encoding: 'auto',
  formats: ['WEBP'],
  backfill: true,
  recipeHash: '',
})

/** One picture of each layout, of real families. */
async function writePictures({ app }: Bench): Promise<void> {
  const folder = path.join(import.meta.dirname, '../docs')
  await mkdir(folder, { recursive: true })
  const families = await app.prisma.family.findMany({ orderBy: { id: 'asc' } })
  for (const [index, layout] of [...app.layouts.values()].entries()) {
    const { id: familyId, name } = families[index % families.length] ?? { id: 0, name: '' }
    const made = await makeComposite(app, { familyId, layout, format: 'WEBP' })
    await writeFile(path.join(folder, `${layout.name}.webp`), made?.bytes ?? '')
    process.stdout.write(`docs/${layout.name}.webp: ${name}, ${made?.bytes.length} bytes\n`)
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}
