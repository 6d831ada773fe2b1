import { readFileSync } from 'node:fs'
import type { Font } from 'fontkit'
import { bundledFace, familyFor } from '../fonts.ts'
import { fontTools } from './libraries.ts'
import type { FontFace } from './tree.ts'

/** The part of a style that selects a font. */
export interface FontStyle {
  /** A list of families, as in CSS. */
  readonly family: string
  /** 1 to 1000. */
  readonly weight: number
  readonly isItalic: boolean
}

/** Fonts for one document, in order of preference; the last one is the bundled sans, which has the most letters. */
export type ChooseFonts = (style: FontStyle) => readonly Font[]

/** The family names of a list, in lower case. */
export const familiesIn = (list: string): string[] =>
  list.split(',').map((family) => family.replaceAll(/["']/g, '').trim().toLowerCase())

/** Opens a document's embedded fonts lazily. A broken font is skipped. */
export function openFonts(faces: readonly FontFace[]): ChooseFonts {
  const opened = new Map<string, Font | null>()
  const open = (key: string, load: () => Font | null): Font | null => {
    const known = opened.get(key)
    if (known !== undefined) return known
    const font = load()
    opened.set(key, font)
    return font
  }
  const openAt = (face: FontFace, weight: number): Font | null => {
    const key = `embedded ${faces.indexOf(face)}`
    return open(`${key} ${weight}`, () => {
      const font = open(key, () => tryOpen(() => face.src))
      return font && atWeight(font, weight)
    })
  }
  return (style) => {
    const fonts: Font[] = []
    for (const family of familiesIn(style.family)) {
      const face = bestFace(faces, { ...style, family })
      const font = face && openAt(face, style.weight)
      if (font) fonts.push(font)
    }
    const file = bundledFace(familyFor(style.family), style)
    const all = bundledFace('sans-serif', style)
    for (const bundled of new Set([file, all])) {
      const font = open(bundled, () => tryOpen(() => readFileSync(bundled)))
      if (font) fonts.push(font)
    }
    return fonts
  }
}

function tryOpen(read: () => Buffer): Font | null {
  try {
    const opened = fontTools().create(read())
    const font = 'fonts' in opened ? opened.fonts[0] : opened
    // Throws if a table is missing that letters need, as in the fonts that Illustrator embedded around 2002.
    return font && font.unitsPerEm > 0 && font.layout('a').positions.length > 0 ? font : null
  } catch {
    return null
  }
}

/** Font matching of CSS Fonts 4, 5.2, simplified: style first, then the nearest weight. */
function bestFace(faces: readonly FontFace[], { family, weight, isItalic }: FontStyle): FontFace | undefined {
  const distance = (face: FontFace) => {
    const [from = 400, to = from] = face.weight.split(/\s+/).map(weightOf)
    const off = weight < from ? from - weight : Math.max(0, weight - to)
    return off + (/italic|oblique/.test(face.style) === isItalic ? 0 : 1000)
  }
  return faces
    .filter((face) => face.family.toLowerCase() === family)
    .sort((one, other) => distance(one) - distance(other))[0]
}

export const weightOf = (weight: string): number =>
  weight === 'normal' ? 400 : weight === 'bold' ? 700 : Number(weight) || 400

function atWeight(font: Font, weight: number): Font {
  const axis = font.variationAxes?.wght
  if (!axis) return font
  try {
    return font.getVariation({ wght: Math.min(axis.max, Math.max(axis.min, weight)) })
  } catch {
    return font
  }
}
