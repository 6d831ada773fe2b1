import type { Box } from './box.ts'
import { colour } from './colours.ts'
import { px } from './lengths.ts'
import { type Element, inherited } from './tree.ts'
import { type Context, evaluate, split } from './values.ts'

/** The declared style of an HTML box, by property, as written. */
export type HtmlStyle = ReadonlyMap<string, string>

const NONE: HtmlStyle = new Map()

export const styleOf = ({ style }: Element): HtmlStyle => style ?? NONE

/** px of a length; percentages are of `whole`, em of `em`. Undefined for anything else. */
export function htmlLength(text: string | undefined, whole: number, em = 16): number | undefined {
  const [, number, unit] = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(px|%|em|rem|pt)?\s*$/i.exec(text ?? '') ?? []
  if (number === undefined) return undefined
  if (unit === '%' && !Number.isFinite(whole)) return undefined
  const scale = { px: 1, '%': whole / 100, em, rem: 16, pt: 4 / 3 }[unit?.toLowerCase() ?? 'px'] ?? 1
  return Number(number) * scale
}

export interface Edges {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/** The padding or margin of a box. */
export function edgesOf(
  style: HtmlStyle,
  name: 'padding' | 'margin',
  { width, em }: { width: number; em: number },
): Edges {
  const all = split(style.get(name) ?? '0', ' ').map((part) => htmlLength(part, width, em) ?? 0)
  const [top = 0, right = top, bottom = top, left = right] = all
  const side = (edge: string, fallback: number) => htmlLength(style.get(`${name}-${edge}`), width, em) ?? fallback
  return {
    top: side('top', top),
    right: side('right', right),
    bottom: side('bottom', bottom),
    left: side('left', left),
  }
}

/** One side of a border. */
export interface Border {
  readonly width: number
  readonly color: string
  readonly isDashed: boolean
}

const SIDES = ['top', 'right', 'bottom', 'left'] as const
const WIDTHS: Readonly<Record<string, number>> = { thin: 1, medium: 3, thick: 5 }
const NO_BORDER: Border = { width: 0, color: '#000000', isDashed: false }

/** The four sides of a border, from the top clockwise. */
export function bordersOf(element: Element): readonly [Border, Border, Border, Border] {
  const style = styleOf(element)
  const context = contextOf(element)
  const read = (text: string | undefined): Border => {
    if (text === undefined) return NO_BORDER
    let border = { width: 3, color: context?.color ?? '#000000', isDashed: false }
    let isDrawn = false
    for (const part of split(text, ' ')) {
      const width = WIDTHS[part] ?? htmlLength(part, 0, fontSizeOf(element))
      const found = width === undefined && context ? evaluate(colour(part), context) : null
      if (width !== undefined) border = { ...border, width }
      else if (/^(?:solid|dashed|dotted|double|groove|ridge|inset|outset)$/.test(part)) {
        isDrawn = true
        border.isDashed = part === 'dashed' || part === 'dotted'
      } else if (found?.startsWith('#')) border = { ...border, color: found }
    }
    return isDrawn ? border : NO_BORDER
  }
  const all = read(
    style.get('border') ??
      (style.has('border-style')
        ? [style.get('border-width'), style.get('border-style'), style.get('border-color')].filter(Boolean).join(' ')
        : undefined),
  )
  const [top, right, bottom, left] = SIDES.map((side) => {
    const own = style.get(`border-${side}`)
    return own === undefined ? all : read(own)
  })
  return [top ?? all, right ?? all, bottom ?? all, left ?? all]
}

export const fontSizeOf = (element: Element): number => px(inherited(element, 'font-size'), 16)

/** The nearest value of an inherited property; undefined if it is not set. */
export function nearest(element: Element, property: string): string | undefined {
  for (let at: Element | null = element; at; at = at.parent) {
    const value = at.style?.get(property)
    if (value !== undefined) return value
    if (at.name === 'foreignObject') return undefined
  }
  return undefined
}

export function contextOf(element: Element): Context | undefined {
  for (let at: Element | null = element; at; at = at.parent) if (at.context) return at.context
  return undefined
}

export const inside = ({ x, y, width, height }: Box, edges: Edges): Box => ({
  x: x + edges.left,
  y: y + edges.top,
  width: Math.max(0, width - edges.left - edges.right),
  height: Math.max(0, height - edges.top - edges.bottom),
})
