import type { Laid, LayoutTools } from './html-box.ts'
import { htmlLength, styleOf } from './html-style.ts'
import { type Element, elementsOf, walk } from './tree.ts'
import { split } from './values.ts'

interface Cell {
  readonly element: Element
  readonly column: number
  readonly span: number
}

const COLUMNS_MAX = 100

/** Lays out rows and columns, as wide as their content or as the table's width. A simplification of CSS 2.2, 17.5.2.2. */
export function layTable(
  table: Element,
  { room, tools }: { room: { width: number; height: number | null }; tools: LayoutTools },
): Laid {
  const style = styleOf(table)
  const isCollapsed = style.get('border-collapse') === 'collapse'
  const [across = '2px', down = across] = split(style.get('border-spacing') ?? table.given.cellspacing ?? '2px', ' ')
  const gap = isCollapsed ? { x: -1, y: -1 } : { x: htmlLength(across, 0) ?? 2, y: htmlLength(down, 0) ?? 2 }
  const rows = [...walk(table, (element) => element === table || styleOf(element).get('display') !== 'table')]
    .filter((element) => styleOf(element).get('display') === 'table-row')
    .map(cellsOf)
  const count = Math.max(0, ...rows.flatMap((cells) => cells.map(({ column, span }) => column + span)))
  const least: number[] = Array.from({ length: count }, () => 0)
  for (const { element, column, span } of rows.flat())
    if (span === 1)
      least[column] = Math.max(least[column] ?? 0, tools.layFitting(element, Number.POSITIVE_INFINITY)?.usedWidth ?? 0)
  const gaps = isCollapsed ? gap.x * Math.max(0, count - 1) : gap.x * (count + 1)
  const sum = least.reduce((all, width) => all + width, 0)
  const usedWidth = sum + gaps
  // Columns grow or shrink in proportion to their content, to reach a given width or to fit the available width.
  const isWide = style.has('width') || usedWidth > room.width
  const scale = isWide && sum > 0 && Number.isFinite(room.width) ? Math.max(0, room.width - gaps) / sum : 1
  const columns = least.map((width) => width * scale)
  const edge = isCollapsed ? 0 : gap.x
  const left = columns.map((_, index) => columns.slice(0, index).reduce((all, width) => all + width + gap.x, edge))
  const parts: { laid: Laid; x: number; y: number }[] = []
  let y = isCollapsed ? 0 : gap.y
  for (const cells of rows) {
    const widths = cells.map(({ column, span }) =>
      columns.slice(column, column + span).reduce((all, width) => all + width, gap.x * (span - 1)),
    )
    const own = cells.map(({ element }, index) =>
      tools.lay(element, { width: widths[index] ?? 0, height: null, forced: { width: widths[index] ?? 0 } }),
    )
    const height = Math.max(0, ...own.map((laid) => laid.height))
    for (const [index, { element, column }] of cells.entries()) {
      const natural = own[index]?.height ?? 0
      const align = styleOf(element).get('vertical-align') ?? 'middle'
      const free = height - natural
      const top = align === 'top' || align === 'baseline' ? 0 : align === 'bottom' ? free : free / 2
      const laid =
        free > 0.01
          ? tools.lay(padded(element, top, free - top), {
              width: widths[index] ?? 0,
              height: null,
              forced: { width: widths[index] ?? 0 },
            })
          : (own[index] as Laid)
      parts.push({ laid, x: left[column] ?? 0, y })
    }
    y += height + gap.y
  }
  return {
    width: Math.max(
      0,
      columns.reduce((all, width) => all + width, gaps),
    ),
    height: Math.max(0, isCollapsed ? y - gap.y : y),
    usedWidth,
    baseline: parts[0] ? parts[0].y + parts[0].laid.baseline : 0,
    paint(x, top, out) {
      for (const part of parts) part.laid.paint(x + part.x, top + part.y, out)
    },
  }
}

function cellsOf(row: Element): Cell[] {
  const cells: Cell[] = []
  let column = 0
  for (const element of elementsOf(row)) {
    if (styleOf(element).get('display') !== 'table-cell' || column >= COLUMNS_MAX) continue
    const span = Math.min(COLUMNS_MAX, Math.max(1, Math.floor(Number(element.given.colspan)) || 1))
    cells.push({ element, column, span })
    column += span
  }
  return cells
}

/** A cell as high as its row, with free space above and below its content. */
function padded(cell: Element, above: number, below: number): Element {
  const style = new Map(styleOf(cell))
  const [top = '0', right = top, bottom = top, left = right] = split(style.get('padding') ?? '0', ' ')
  const px = (side: string, fallback: string) => htmlLength(style.get(`padding-${side}`) ?? fallback, 0) ?? 0
  style.set('padding-top', `${px('top', top) + above}px`)
  style.set('padding-bottom', `${px('bottom', bottom) + below}px`)
  style.set('padding-left', `${px('left', left)}px`)
  style.set('padding-right', `${px('right', right)}px`)
  return { ...cell, style }
}
