import type { Font } from 'fontkit'
import { px } from './lengths.ts'
import { weightOf } from './outline-fonts.ts'
import { type Element, inherited } from './tree.ts'

/** The style that positions an outlined letter. */
export interface LetterStyle {
  readonly family: string
  readonly weight: number
  readonly isItalic: boolean
  /** px */
  readonly size: number
  readonly letterSpacing: number
  readonly wordSpacing: number
  readonly baseline: string
  /** px upwards. */
  readonly shift: number
}

export function styleOf(element: Element): LetterStyle {
  const of = (name: string) => inherited(element, name) ?? ''
  const size = px(of('font-size') || '16')
  const shift = element.attributes.get('baseline-shift') ?? ''
  return {
    family: of('font-family'),
    weight: weightOf(of('font-weight')),
    isItalic: /italic|oblique/.test(of('font-style')),
    size,
    letterSpacing: Number.parseFloat(of('letter-spacing')) || 0,
    wordSpacing: Number.parseFloat(of('word-spacing')) || 0,
    baseline: of('dominant-baseline'),
    shift: shift === 'super' ? size / 3 : shift === 'sub' ? -size / 5 : Number.parseFloat(shift) || 0,
  }
}

/** How far below its stated position a letter is drawn, px, from the font's metrics as Chromium uses them. */
export function baselineOf(
  { ascent, descent, xHeight, unitsPerEm }: Font,
  { baseline, size, shift }: LetterStyle,
): number {
  const scale = size / unitsPerEm
  return baselineUnits({ ascent, descent: Math.abs(descent), xHeight }, baseline) * scale - shift
}

function baselineUnits(font: { ascent: number; descent: number; xHeight: number }, baseline: string): number {
  switch (baseline) {
    case 'middle':
      return font.xHeight / 2
    case 'central':
      return (font.ascent - font.descent) / 2
    case 'mathematical':
      return font.ascent / 2
    case 'hanging':
      return font.ascent * 0.8
    case 'text-before-edge':
    case 'text-top':
      return font.ascent
    case 'text-after-edge':
    case 'text-bottom':
    case 'ideographic':
      return -font.descent
    default:
      return 0
  }
}
