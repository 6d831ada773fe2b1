import type { Laid, LayoutTools } from './html-box.ts'
import { layInline } from './html-inline.ts'
import { fontSizeOf, htmlLength, styleOf } from './html-style.ts'
import { type Element, textOf } from './tree.ts'
import { split } from './values.ts'

interface Options {
  readonly room: { readonly width: number; readonly height: number | null }
  readonly tools: LayoutTools
}

/** An item, and how to lay it out in a given space. */
interface Item {
  readonly element: Element | null
  lay(size: { width: number; isFitting?: boolean; forced?: { width?: number; height?: number } }): Laid
}

/** The children of a flex box or grid; bare text becomes an item of its own. */
function itemsOf(element: Element, { room, tools }: Options): Item[] {
  const items: Item[] = []
  for (const child of element.children) {
    if (typeof child === 'string') {
      if (child.trim() === '') continue
      items.push({ element: null, lay: ({ width }) => layInline(element, [child], { width, tools }) })
    } else if (child.name === 'svg' || (child.name.startsWith('html:') && styleOf(child).get('display') !== 'none'))
      items.push({ element: child, lay: (size) => tools.lay(child, { height: room.height, ...size }) })
  }
  return items
}

/** The distribution of free space: before the first item, and between items. */
function spread(justify: string, free: number, count: number): { before: number; between: number } {
  const rest = Math.max(0, free)
  if (/center/.test(justify)) return { before: free / 2, between: 0 }
  if (/end|right/.test(justify)) return { before: free, between: 0 }
  if (/between/.test(justify)) return { before: 0, between: count > 1 ? rest / (count - 1) : 0 }
  if (/around/.test(justify)) return { before: rest / count / 2, between: rest / count }
  if (/evenly/.test(justify)) return { before: rest / (count + 1), between: rest / (count + 1) }
  return { before: 0, between: 0 }
}

const alignOf = (element: Element, item: Item): string =>
  (item.element && styleOf(item.element).get('align-self')) ??
  styleOf(element).get('align-items') ??
  styleOf(element).get('place-items') ??
  'stretch'

const shift = (align: string, free: number): number => (/center/.test(align) ? free / 2 : /end/.test(align) ? free : 0)

function growOf({ element }: Item): number {
  const style = element ? styleOf(element) : null
  return Number(style?.get('flex-grow') ?? split(style?.get('flex') ?? '0', ' ')[0]) || 0
}

const gapOf = (element: Element, axis: 'row' | 'column', whole: number): number => {
  const style = styleOf(element)
  const [row, column = row] = split(style.get('gap') ?? '', ' ')
  const text = style.get(`${axis}-gap`) ?? (axis === 'row' ? row : column)
  return htmlLength(text, whole, fontSizeOf(element)) ?? 0
}

interface Placed {
  readonly laid: Laid
  readonly x: number
  readonly y: number
}

const placedIn = (parts: readonly Placed[], size: { width: number; height: number; usedWidth: number }): Laid => ({
  ...size,
  baseline: parts[0] ? parts[0].y + parts[0].laid.baseline : 0,
  paint(x, y, out) {
    for (const part of parts) part.laid.paint(x + part.x, y + part.y, out)
  },
})

export function layRow(element: Element, options: Options): Laid {
  const { room } = options
  const items = itemsOf(element, options)
  const gap = gapOf(element, 'column', room.width)
  const fitted = items.map((item) => item.lay({ width: room.width, isFitting: true }))
  const gaps = gap * Math.max(0, items.length - 1)
  const usedWidth = fitted.reduce((sum, { usedWidth, width }) => sum + Math.min(width, usedWidth), gaps)
  const wanted = fitted.map(({ width, usedWidth }, index) =>
    // `flex: 1` distributes all of the space, not only what is left over.
    styleOf(items[index]?.element ?? element).has('flex') && items[index]?.element ? 0 : Math.min(width, usedWidth),
  )
  const grow = items.map(growOf)
  const total = grow.reduce((sum, share) => sum + share, 0)
  const isBounded = Number.isFinite(room.width)
  let free = isBounded ? room.width - gaps - wanted.reduce((sum, width) => sum + width, 0) : 0
  const sum = wanted.reduce((all, width) => all + width, 0)
  const widths = wanted.map((width, index) => {
    if (free > 0 && total > 0) return width + (free * (grow[index] ?? 0)) / total
    return free < 0 && sum > 0 ? Math.max(0, width + (free * width) / sum) : (fitted[index]?.width ?? width)
  })
  free = isBounded ? room.width - gaps - widths.reduce((all, width) => all + width, 0) : 0
  const first = items.map((item, index) => {
    const width = widths[index] ?? 0
    return Math.abs(width - (fitted[index]?.width ?? 0)) < 0.02 ? (fitted[index] as Laid) : item.lay({ width })
  })
  const height = room.height ?? Math.max(0, ...first.map((laid) => laid.height))
  const { before, between } = spread(styleOf(element).get('justify-content') ?? '', free, items.length)
  let x = before
  const parts = items.map((item, index): Placed => {
    const align = alignOf(element, item)
    const laid =
      align === 'stretch' && item.element && !styleOf(item.element).has('height')
        ? item.lay({ width: widths[index] ?? 0, isFitting: true, forced: { height } })
        : (first[index] as Laid)
    const part = { laid, x, y: shift(align, height - laid.height) }
    x += (widths[index] ?? 0) + gap + between
    return part
  })
  return placedIn(parts, { width: room.width, height, usedWidth })
}

export function layColumn(element: Element, options: Options): Laid {
  const { room } = options
  const items = itemsOf(element, options)
  const gap = gapOf(element, 'row', room.height ?? 0)
  const laid = items.map((item) =>
    item.lay({ width: room.width, isFitting: alignOf(element, item) !== 'stretch' || !Number.isFinite(room.width) }),
  )
  const content = laid.reduce((sum, { height }) => sum + height, gap * Math.max(0, items.length - 1))
  const free = room.height === null ? 0 : room.height - content
  const { before, between } = spread(styleOf(element).get('justify-content') ?? '', free, items.length)
  let y = before
  const parts = laid.map((part, index): Placed => {
    const x = Number.isFinite(room.width)
      ? shift(alignOf(element, items[index] as Item), room.width - Math.min(part.width, room.width))
      : 0
    const placed = { laid: part, x, y }
    y += part.height + gap + between
    return placed
  })
  const usedWidth = Math.max(0, ...laid.map((part) => Math.min(part.width, part.usedWidth)))
  return placedIn(parts, { width: room.width, height: room.height ?? content, usedWidth })
}

/** A grid with columns in `fr`, px and percentages, filled row by row. */
export function layGrid(element: Element, options: Options): Laid {
  const { room } = options
  const items = itemsOf(element, options)
  const [columnGap, rowGap] = [gapOf(element, 'column', room.width), gapOf(element, 'row', room.height ?? 0)]
  const template = (styleOf(element).get('grid-template-columns') ?? '1fr').replaceAll(
    /repeat\(\s*(\d{1,3})\s*,\s*([^()]+)\)/g,
    (_, count: string, tracks: string) => `${tracks} `.repeat(Math.min(100, Number(count))),
  )
  const tracks = split(template, ' ').slice(0, 100)
  const width = Number.isFinite(room.width) ? room.width : 0
  const fixed = tracks.map((track) => (track.endsWith('fr') ? null : (htmlLength(track, width) ?? null)))
  const shares = tracks.map((track, index) => (fixed[index] === null ? Number.parseFloat(track) || 1 : 0))
  const rest = width - columnGap * (tracks.length - 1) - fixed.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  const total = shares.reduce((sum, share) => sum + share, 0)
  const columns = tracks.map((_, index) => fixed[index] ?? (Math.max(0, rest) * (shares[index] ?? 0)) / total)
  const rows = Math.max(1, Math.ceil(items.length / tracks.length))
  const stretched = room.height === null ? null : (room.height - rowGap * (rows - 1)) / rows
  const parts: Placed[] = []
  let y = 0
  for (let row = 0; row < rows; row++) {
    const own = items.slice(row * tracks.length, (row + 1) * tracks.length)
    const heights = own.map((item, index) => item.lay({ width: columns[index] ?? 0 }).height)
    const height = Math.max(stretched ?? 0, ...heights)
    let x = 0
    for (const [index, item] of own.entries()) {
      const isText = item.element === null || textOf(item.element).trim() !== ''
      const align = alignOf(element, item)
      const laid = item.lay({ width: columns[index] ?? 0, ...(align === 'stretch' ? { forced: { height } } : {}) })
      parts.push({ laid, x, y: align === 'stretch' || !isText ? 0 : shift(align, height - laid.height) })
      x += (columns[index] ?? 0) + columnGap
    }
    y += height + rowGap
  }
  return placedIn(parts, { width: room.width, height: Math.max(0, y - rowGap), usedWidth: width })
}
