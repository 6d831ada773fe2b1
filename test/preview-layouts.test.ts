import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrange, cellsMaxOf, countFor } from '../src/composites/arrange.ts'
import { loadConfig } from '../src/core/config.ts'
import { areaOf, type Layout, readLayouts, sizeOf } from '../src/core/layouts.ts'
import type { Rect } from '../src/render/messages.ts'
import { tempDirectory } from './support/setup.ts'

const { layouts, problems } = readLayouts(path.join(import.meta.dirname, '../layouts.json'))
const layoutOf = (name: string) => layouts.get(name) as Layout

/** Rows that fill the area from edge to edge, with exactly the layout's gaps. */
function expectNoHoles(layout: Layout, cells: readonly Rect[]): void {
  const area = areaOf(layout)
  const rows = [...Map.groupBy(cells, ({ y }) => y).values()]
  const first = rows[0]?.[0] as Rect
  const last = rows.at(-1)?.at(-1) as Rect
  expect([first.y, last.y + last.height]).toEqual([area.y, area.y + area.height])
  for (const [index, row] of rows.entries()) {
    expect([row[0]?.x, (row.at(-1)?.x ?? 0) + (row.at(-1)?.width ?? 0)]).toEqual([area.x, area.x + area.width])
    for (const [column, cell] of row.entries()) {
      expect(Math.min(cell.width, cell.height)).toBeGreaterThanOrEqual(8)
      const before = row[column - 1]
      if (before) expect(Math.abs(cell.x - before.x - before.width - layout.gap[0])).toBeLessThanOrEqual(1)
      const above = rows[index - 1]?.[0]
      if (above) expect(Math.abs(cell.y - above.y - above.height - layout.gap[1])).toBeLessThanOrEqual(1)
    }
  }
}

describe('a layout', () => {
  it.each([...layouts.keys()])('%s has no holes, however many members there are', (name) => {
    expect(problems).toEqual([])
    const layout = layoutOf(name)
    for (const available of [1, 2, 5, 37, 10_000]) {
      const count = countFor(layout, available)
      expect([count > 0, count <= Math.min(available, cellsMaxOf(layout))]).toEqual([true, true])
      const cells = arrange(layout, count)
      expect(cells).toHaveLength(count)
      expectNoHoles(layout, cells)
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (available) =>
        expectNoHoles(layout, arrange(layout, countFor(layout, available))),
      ),
    )
    expect(arrange(layout, 0)).toEqual([])
  })

  it('has its specified sizes, grids by count, and cells of 64 px', () => {
    const facts = [...layouts.values()].map(({ name, width, height }) => `${name} ${width}x${height}`)
    expect(facts).toEqual(['card 1200x630', 'grid 960x960', 'contact-sheet 1120x1400', 'strip 1200x168'])
    const grid = layoutOf('grid')
    expect([9, 15, 16, 24, 25, 35, 36, 10_000].map((count) => Math.sqrt(countFor(grid, count)))).toEqual([
      3, 3, 4, 4, 5, 5, 6, 6,
    ])
    expect(countFor(grid, 5)).toBe(5)
    const sheet = arrange(layoutOf('contact-sheet'), 100)
    expect(new Set(sheet.map(({ width, height }) => `${width}x${height}`))).toEqual(new Set(['64x64']))
    expect(new Set(sheet.map(({ x }) => x)).size).toBe(10)
  })

  it('has another recipe when anything that determines the pixels changes, and the same with another format', async () => {
    const file = path.join(await tempDirectory(), 'layouts.json')
    const hashOf = async (change: object) => {
      await writeFile(file, JSON.stringify({ a: { width: 400, height: 200, grids: ['4x2'], nameSize: 10, ...change } }))
      const read = readLayouts(file)
      expect(read.problems).toEqual([])
      return read.layouts.get('a')?.recipeHash
    }
    const hash = await hashOf({})
    for (const change of [
      { width: 401 },
      { height: 201 },
      { grids: ['2x1', '4x2'] },
      { background: 'transparent' },
      { padding: 1 },
      { gap: [0, 1] },
      { cellRadius: 1 },
      { cellPadding: 1 },
      { cellBackground: 'auto' },
      { color: '#ff0000' },
      { nameSize: 0 },
      { nameColor: '#ff0000' },
      { watermark: path.join(import.meta.dirname, '../assets/watermark.svg') },
      { encoding: 'lossy' },
    ])
      expect(await hashOf(change), JSON.stringify(change)).not.toBe(hash)
    expect(await hashOf({ formats: ['png', 'webp'] })).toBe(hash)
    expect(sizeOf({ columns: 4, rows: 2 })).toBe(8)
  })
})

describe('the layouts file', () => {
  const of = (fields: object, name = 'a') =>
    JSON.stringify({ [name]: { width: 400, height: 200, grids: ['4x2'], ...fields } })
  const bad: [string, string, RegExp][] = [
    ['broken JSON', '{', /LAYOUTS_FILE.*JSON/],
    ['no layout', '{}', /contains no layout/],
    ['an unknown key', of({ colour: 'red' }), /a: .*colour/],
    ['a huge size', of({ width: 100_000 }), /a\.width/],
    ['no grid', of({ grids: [] }), /a\.grids/],
    ['a grid that is none', of({ grids: ['4 by 2'] }), /a\.grids\.0: must be COLUMNSxROWS/],
    ['too many cells', of({ grids: ['11x10'] }), /a\.grids: 11x10 are more than 100 cells/],
    ['no room for cells', of({ padding: [0, 95] }), /a\.grids: padding, gap and name leave cells of 100 x 5 px/],
    ['no room in a cell', of({ cellPadding: 50 }), /a\.cellPadding: 50 px/],
    ['a name that no URL may hold', of({}, 'Big_one'), /Big_one.*a-z/],
    ['a colour that is none', of({ background: 'blue-ish' }), /a\.background/],
    ['a missing watermark', of({ watermark: 'none.svg' }), /a\.watermark.*none\.svg/],
    ['a format that is none', of({ formats: ['gif'] }), /a\.formats/],
  ]
  it.each(bad)('with %s is refused by name', async (_name, json, expected) => {
    const file = path.join(await tempDirectory(), 'layouts.json')
    await writeFile(file, json)
    expect(() => loadConfig({ LAYOUTS_FILE: file })).toThrow(expected)
  })
})
