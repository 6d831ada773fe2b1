import { htmlLength, nearest } from './html-style.ts'
import { px } from './lengths.ts'
import { tooComplex } from './limits.ts'
import { type ChooseFonts, weightOf } from './outline-fonts.ts'
import { create, type Element, inherited } from './tree.ts'
import { type Context, print } from './values.ts'

/** The text style of one element, including its line height. Sizes in px. */
export interface TextStyle {
  readonly element: Element
  readonly size: number
  readonly ascent: number
  readonly descent: number
  readonly lineHeight: number
  widthOf(text: string): number
}

/** The style of an element's own text, rounded as in Chromium. Throws TOO_COMPLEX when `budget` is exhausted. */
export function textStyleOf(element: Element, fonts: ChooseFonts, budget: { characters: number }): TextStyle {
  const size = px(inherited(element, 'font-size'), 16)
  const style = {
    family: inherited(element, 'font-family') ?? '',
    weight: weightOf(inherited(element, 'font-weight') ?? 'normal'),
    isItalic: /italic|oblique/.test(inherited(element, 'font-style') ?? ''),
  }
  const choice = fonts(style)
  const [main] = choice
  const scale = size / (main?.unitsPerEm ?? 1000)
  const ascent = Math.round((main?.ascent ?? 928) * scale)
  const descent = Math.round(Math.abs(main?.descent ?? 236) * scale)
  const spacing = px(inherited(element, 'letter-spacing'), 0) || 0
  const known = new Map<string, number>()
  return {
    element,
    size,
    ascent,
    descent,
    lineHeight: lineHeightOf(element, size) ?? ascent + descent,
    widthOf(text) {
      const before = known.get(text)
      if (before !== undefined) return before
      budget.characters -= text.length
      if (budget.characters < 0) throw tooComplex('The HTML has too many letters to measure.')
      const font = choice.find((each) =>
        [...text].every((letter) => each.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0)),
      )
      const { advanceWidth } = (font ?? choice.at(-1))?.layout(text) ?? { advanceWidth: 0 }
      const width = (advanceWidth * size) / ((font ?? choice.at(-1))?.unitsPerEm ?? 1000) + spacing * text.length
      known.set(text, width)
      return width
    },
  }
}

function lineHeightOf(element: Element, size: number): number | undefined {
  const text = nearest(element, 'line-height')?.trim()
  if (text === undefined || text === 'normal') return undefined
  return /^[\d.]+$/.test(text) ? Number(text) * size : htmlLength(text, size, size)
}

const KEPT = ['font-family', 'font-weight', 'font-style', 'letter-spacing', 'font-variant'] as const

/** Letters at a position, as a text element for the engine. */
export function drawLetters(
  letters: string,
  { element, size }: TextStyle,
  { x, y, context, decoration }: { x: number; y: number; context: Context | undefined; decoration: string | undefined },
): Element {
  const color = context?.color ?? '#000000'
  const text = create('text', {
    x: print(x),
    y: print(y),
    'font-size': print(size),
    fill: color.slice(0, 7),
    'fill-opacity': print(color.length === 9 ? Number.parseInt(color.slice(7), 16) / 255 : 1),
    stroke: 'none',
    'text-anchor': 'start',
    'xml:space': 'preserve',
  })
  for (const name of KEPT) {
    const value = inherited(element, name)
    if (value !== undefined) text.attributes.set(name, value)
  }
  if (decoration !== undefined) text.attributes.set('text-decoration', decoration)
  text.children.push(letters)
  return text
}
