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
    baseline: alignmentOf(element) ?? of('dominant-baseline'),
    shift: shift === 'super' ? size / 3 : shift === 'sub' ? -size / 5 : Number.parseFloat(shift) || 0,
  }
}

/** The alignment of the element itself, in addition to its inherited baseline. */
function alignmentOf({ name, attributes }: Element): string | undefined {
  if (name === 'text') return undefined
  const alignment = attributes.get('alignment-baseline')
  if (alignment === undefined || /^(?:auto|baseline)$/.test(alignment)) return undefined
  return alignment.endsWith('-edge') && !alignment.startsWith('text') ? `text-${alignment}` : alignment
}

/** How far below the given position letters are placed, in px, from the font metrics that Chromium uses. */
export function baselineOf(font: Font, { baseline, size, shift }: LetterStyle): number {
  const { ascent, descent, unitsPerEm } = font
  const scale = size / unitsPerEm
  // Old fonts do not state their x-height.
  const xHeight = font.xHeight || font.glyphForCodePoint(120).bbox.maxY
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
