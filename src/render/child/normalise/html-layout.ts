import type { Laid, LayoutTools, Room } from './html-box.ts'
import { isLaidOut } from './html-defaults.ts'
import { layColumn, layGrid, layRow } from './html-flex.ts'
import { layInline, openTextStyles } from './html-inline.ts'
import { markerOf } from './html-list.ts'
import { paintBox, paintSpan } from './html-paint.ts'
import { bordersOf, type Edges, edgesOf, fontSizeOf, htmlLength, styleOf } from './html-style.ts'
import { layTable } from './html-table.ts'
import { LIMITS, tooComplex } from './limits.ts'
import type { ChooseFonts } from './outline-fonts.ts'
import { viewBoxOf } from './size.ts'
import { create, type Element, type Tree } from './tree.ts'
import { print } from './values.ts'

/**
 * Opens the layout of a document's HTML, with one budget for all of it. Throws TOO_COMPLEX. It supports what labels consist of: blocks,
 * lines, tables, simple flex boxes and grids.
 */
export function openLayout(tree: Tree, fonts: ChooseFonts): LayoutTools {
  const budget = { layouts: LIMITS.htmlLayouts, characters: LIMITS.htmlCharacters }
  /** Widths without wrapping, cached because every enclosing box needs them. */
  const fitting = new Map<Element, number>()
  const tools: LayoutTools = {
    tree,
    textStyle: openTextStyles(fonts, budget),
    isAtomic: (element) =>
      element.name === 'svg' || element.name === 'html:img' || /^inline-/.test(styleOf(element).get('display') ?? ''),
    layFitting: (element, width) => layElement(element, { width, height: null, isFitting: true }),
    lay: (element, room) => layElement(element, room),
    paintSpan: (element, box, out) => paintSpan(element, box, { tree, out }),
  }
  return tools

  function layElement(element: Element, room: Room): Laid {
    if (--budget.layouts < 0) throw tooComplex('The HTML takes too long to lay out.')
    if (element.name === 'svg' || element.name === 'html:img') return layReplaced(element, room.width)
    const style = styleOf(element)
    const em = fontSizeOf(element)
    const { width: around } = room
    const margin = edgesOf(style, 'margin', { width: Number.isFinite(around) ? around : 0, em })
    const edges = edgesIn(element, { width: Number.isFinite(around) ? around : 0, em })
    const isBorderBox = style.get('box-sizing') === 'border-box'
    const across = edges.left + edges.right
    const down = edges.top + edges.bottom
    const side = (text: string | undefined, whole: number, extra: number) => {
      const length = htmlLength(text, whole, em)
      return length === undefined ? undefined : Math.max(0, isBorderBox ? length - extra : length)
    }
    const stated = side(style.get('width'), around, across)
    const free = Math.max(0, around - margin.left - margin.right - across)
    let width = room.forced?.width !== undefined ? Math.max(0, room.forced.width - across) : stated
    const [from, to] = [htmlLength(style.get('left'), around, em), htmlLength(style.get('right'), around, em)]
    if (width === undefined && isOutOfFlow(element) && from !== undefined && to !== undefined)
      width = Math.max(0, free - from - to)
    if (width === undefined) width = room.isFitting || isShrunk(element) ? Math.min(free, fittingWidth(element)) : free
    width = Math.min(width, side(style.get('max-width'), around, across) ?? width)
    width = Math.max(width, side(style.get('min-width'), around, across) ?? 0)
    const height =
      room.forced?.height !== undefined
        ? Math.max(0, room.forced.height - down)
        : side(style.get('height'), room.height ?? Number.NaN, down)
    const content = layContent(element, { width, height: height ?? null })
    const least = side(style.get('min-height'), room.height ?? Number.NaN, down) ?? 0
    const outer = {
      width: width + across,
      height: Math.max(height ?? content.height, least) + down,
    }
    const left =
      style.get('margin')?.includes('auto') && stated !== undefined
        ? Math.max(0, (around - outer.width) / 2)
        : margin.left
    return {
      width: outer.width + left + margin.right,
      height: outer.height + margin.top + margin.bottom,
      usedHeight: (content.usedHeight ?? content.height) + down + margin.top + margin.bottom,
      usedWidth: (stated ?? content.usedWidth) + across + margin.left + margin.right,
      baseline: margin.top + edges.top + content.baseline,
      paint(x, y, out) {
        const place = placeOf(element, room, outer)
        const box = { x: x + left + place.x, y: y + margin.top + place.y, ...outer }
        paintBox(element, box, {
          tree,
          out,
          paintContent: (into) => content.paint(box.x + edges.left, box.y + edges.top, into),
        })
      },
    }
  }

  /** The width of its content if nothing wraps. */
  function fittingWidth(element: Element): number {
    const known = fitting.get(element)
    if (known !== undefined) return known
    const { usedWidth } = layContent(element, { width: Number.POSITIVE_INFINITY, height: null })
    // Slightly more, because rounding could otherwise make the content wrap.
    fitting.set(element, usedWidth + 0.01)
    return usedWidth + 0.01
  }

  function layContent(element: Element, room: { width: number; height: number | null }): Laid {
    const display = styleOf(element).get('display') ?? ''
    if (display === 'table' || display === 'inline-table') return layTable(element, { room, tools })
    if (/flex$/.test(display)) {
      const isColumn = (styleOf(element).get('flex-direction') ?? '').startsWith('column')
      return (isColumn ? layColumn : layRow)(element, { room, tools })
    }
    if (/grid$/.test(display)) return layGrid(element, { room, tools })
    return layFlow(element, room)
  }

  /** Stacks blocks vertically; inline content between them becomes a block of its own. */
  function layFlow(element: Element, room: { width: number; height: number | null }): Laid {
    const parts: { laid: Laid; top: number; isOut: boolean }[] = []
    let y = 0
    let margin = 0
    let lines: (Element | string)[] = []
    const endLines = () => {
      if (lines.some((part) => typeof part !== 'string' || part.trim() !== '')) {
        const laid = layInline(element, lines, { width: room.width, tools })
        y += margin
        parts.push({ laid, top: y, isOut: false })
        y += laid.height
        margin = 0
      }
      lines = []
    }
    for (const child of element.children) {
      if (typeof child === 'string' || !isBlock(child)) {
        lines.push(child)
        continue
      }
      if (styleOf(child).get('display') === 'none' || !isLaidOut(child.name)) continue
      endLines()
      const own = edgesOf(styleOf(child), 'margin', { width: room.width, em: fontSizeOf(child) })
      const laid = tools.lay(child, room)
      if (isOutOfFlow(child)) {
        parts.push({ laid, top: 0, isOut: true })
        continue
      }
      // Adjacent margins collapse to the larger one.
      const top = y + Math.max(margin, own.top) - own.top
      parts.push({ laid, top, isOut: false })
      y = top + laid.height - own.bottom
      margin = own.bottom
    }
    endLines()
    const marker = markerOf(element, tools)
    return {
      width: room.width,
      height: Math.max(0, y + margin),
      usedWidth: Math.max(0, ...parts.map(({ laid }) => laid.usedWidth)),
      baseline: parts[0] ? parts[0].top + parts[0].laid.baseline : 0,
      paint(x, top, out) {
        marker?.(x, top, out)
        for (const part of parts) part.laid.paint(x, top + part.top, out)
      },
    }
  }

  /** An image or an inline SVG. */
  function layReplaced(element: Element, around: number): Laid {
    const style = styleOf(element)
    const own = (name: string) => htmlLength(style.get(name) ?? element.given[name], around)
    const box = element.name === 'svg' ? (viewBoxOf(element.given.viewBox) ?? { width: 300, height: 150 }) : null
    const width = own('width') ?? (box && Number.isFinite(around) ? around : 0)
    const height = own('height') ?? (box ? (width * box.height) / box.width : 0)
    return {
      width,
      height,
      usedWidth: width,
      baseline: height,
      paint(x, y, out) {
        const place = { x: print(x), y: print(y), width: print(width), height: print(height) }
        if (element.name === 'svg') {
          for (const [name, value] of Object.entries(place)) element.attributes.set(name, value)
          element.parent = null
          out.push(element)
        } else if (/^data:/i.test(element.given.src ?? '') && width > 0 && height > 0) {
          const image = create('image', { ...place, href: element.given.src ?? '', preserveAspectRatio: 'none' })
          tree.images.push(image)
          out.push(image)
        }
      },
    }
  }
}

const isOutOfFlow = (element: Element): boolean => /^(?:absolute|fixed)$/.test(styleOf(element).get('position') ?? '')
/** The offset of a positioned box from its place in the flow. */
function placeOf(
  element: Element,
  { width, height }: Room,
  own: { width: number; height: number },
): { x: number; y: number } {
  const style = styleOf(element)
  const position = style.get('position')
  if (position === undefined || position === 'static') return { x: 0, y: 0 }
  const em = fontSizeOf(element)
  const [top, right, bottom, left] = [
    htmlLength(style.get('top') ?? style.get('inset'), height ?? 0, em),
    htmlLength(style.get('right'), width, em),
    htmlLength(style.get('bottom'), height ?? 0, em),
    htmlLength(style.get('left') ?? style.get('inset'), width, em),
  ]
  if (position === 'relative') return { x: left ?? -(right ?? 0), y: top ?? -(bottom ?? 0) }
  return {
    x: left ?? (right === undefined ? 0 : width - right - own.width),
    y: top ?? (bottom === undefined || height === null ? 0 : height - bottom - own.height),
  }
}

const isShrunk = (element: Element): boolean =>
  /^(?:inline-.*|table)$/.test(styleOf(element).get('display') ?? '') ||
  (isOutOfFlow(element) && !styleOf(element).has('inset') && !styleOf(element).has('right'))
const isBlock = (element: Element): boolean =>
  element.name.startsWith('html:') &&
  (isOutOfFlow(element) || !/^(?:inline(?:-.*)?)?$/.test(styleOf(element).get('display') ?? ''))

/** The sum of padding and border. */
function edgesIn(element: Element, at: { width: number; em: number }): Edges {
  const padding = edgesOf(styleOf(element), 'padding', at)
  const [top, right, bottom, left] = bordersOf(element)
  return {
    top: padding.top + top.width,
    right: padding.right + right.width,
    bottom: padding.bottom + bottom.width,
    left: padding.left + left.width,
  }
}
