import { px } from './lengths.ts'
import { splitDeclarations } from './style-attribute.ts'
import { type Element, inherited } from './tree.ts'
import { split } from './values.ts'

/** The style of an HTML box, by property, as written. */
export type HtmlStyle = ReadonlyMap<string, string>

/** The declarations of a style attribute. One pass; does not handle semicolons in strings, which HTML boxes do not have in practice. */
export function htmlStyleOf({ given }: Element): HtmlStyle {
  const style = new Map<string, string>()
  for (const part of splitDeclarations(given.style ?? '')) {
    const colon = part.indexOf(':')
    if (colon < 0) continue
    const value = part.slice(colon + 1).trim()
    const bang = value.lastIndexOf('!')
    style.set(part.slice(0, colon).trim().toLowerCase(), bang > 0 ? value.slice(0, bang).trim() : value)
  }
  return style
}

/** px of a length; percentages are of `whole`, em of `em`. Undefined for anything else. */
export function htmlLength(text: string | undefined, whole: number, em = 16): number | undefined {
  const [, number, unit] = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(px|%|em|rem|pt)?\s*$/i.exec(text ?? '') ?? []
  if (number === undefined) return undefined
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
export function edgesOf(style: HtmlStyle, name: 'padding' | 'margin', width: number): Edges {
  const all = split(style.get(name) ?? '0', ' ').map((part) => htmlLength(part, width) ?? 0)
  const [top = 0, right = top, bottom = top, left = right] = all
  const side = (edge: string, fallback: number) => htmlLength(style.get(`${name}-${edge}`), width) ?? fallback
  return {
    top: side('top', top),
    right: side('right', right),
    bottom: side('bottom', bottom),
    left: side('left', left),
  }
}

export const fontSizeOf = (element: Element): number => px(inherited(element, 'font-size'), 16)
