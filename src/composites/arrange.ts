import { areaOf, headerOf, type Layout, sizeOf } from '../core/layouts.ts'
import type { Rect } from '../render/messages.ts'

/**
 * How many of the available members the layout shows: as many as fill a whole grid, or all if there are fewer than in the smallest grid.
 */
export function countFor({ grids }: Pick<Layout, 'grids'>, available: number): number {
  const fitting = grids.findLast((grid) => sizeOf(grid) <= available)
  return fitting ? sizeOf(fitting) : available
}

/** The most that a layout ever shows. */
export const cellsMaxOf = ({ grids }: Pick<Layout, 'grids'>): number => Math.max(...grids.map(sizeOf))

/**
 * Arranges the cells in rows without gaps: in the layout's grid of this size, else in rows whose cells share the width, with the number
 * of rows that makes the cells largest.
 */
export function arrange(layout: Layout, count: number): Rect[] {
  if (count === 0) return []
  const grid = layout.grids.find((each) => sizeOf(each) === count)
  if (grid)
    return placeRows(
      layout,
      Array.from({ length: grid.rows }, () => grid.columns),
    )
  const options = Array.from({ length: count }, (_, index) => placeRows(layout, rowsOf(count, index + 1)))
  return options.reduce((best, cells) => (shortestSide(cells) > shortestSide(best) ? cells : best))
}

/** Rows as even as possible, the longer ones first. */
const rowsOf = (count: number, rows: number): number[] =>
  Array.from({ length: rows }, (_, row) => Math.floor(count / rows) + (row < count % rows ? 1 : 0))

const shortestSide = (cells: readonly Rect[]): number =>
  Math.min(...cells.flatMap(({ width, height }) => [width, height]))

function placeRows(layout: Layout, rows: readonly number[]): Rect[] {
  const area = areaOf(layout)
  const [gapX, gapY] = layout.gap
  return rows.flatMap((columns, row) => {
    const [y, height] = share({ length: area.height, gap: gapY, parts: rows.length, part: row })
    return Array.from({ length: columns }, (_, column): Rect => {
      const [x, width] = share({ length: area.width, gap: gapX, parts: columns, part: column })
      return { x: area.x + x, y: area.y + y, width, height }
    })
  })
}

/** Start and length of a part in whole px; the parts and the gaps between them add up to the length. */
function share(of: { length: number; gap: number; parts: number; part: number }): [start: number, length: number] {
  const { length, gap, parts, part } = of
  const each = (length - (parts - 1) * gap) / parts
  const start = Math.round(part * (each + gap))
  return [start, Math.round(part * (each + gap) + each) - start]
}

/** The family's name and its rectangle above the cells; null if the layout shows none. */
export function nameOf(layout: Layout, name: string): (Rect & { readonly text: string }) | null {
  if (layout.nameSize === 0) return null
  const { x, width } = areaOf(layout)
  return { text: name, x, y: layout.padding[1], width, height: headerOf(layout) }
}
