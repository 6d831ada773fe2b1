import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = path.dirname(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')))
const file = (name: string) => path.join(FOLDER, `${name}.ttf`)

/** The bundled fonts, for resvg: the same on every machine. */
export const FONTS = {
  fontFiles: [
    'DejaVuSans',
    'DejaVuSans-Bold',
    'DejaVuSans-Oblique',
    'DejaVuSerif',
    'DejaVuSerif-Bold',
    'DejaVuSansMono',
  ].map(file),
  defaultFontFamily: 'DejaVu Sans',
}

/**
 * The document with generic families named as the bundled fonts are: resvg-js has options for that and ignores them.
 * Any other family is not here, and the default stands in for it.
 */
export const nameFamilies = (svg: string): string =>
  svg.replaceAll(/font-family(?:="|:)[^";}]*/g, (families) =>
    families.replace(/(?<!-)\bserif\b/, 'DejaVu Serif').replace(/\bmonospace\b/, 'DejaVu Sans Mono'),
  )

let hasGlyph: ((letter: string) => boolean) | undefined

/** True when the widest of the bundled fonts lacks a letter of the text, which is then drawn as a box. */
export async function lacksGlyph(text: string): Promise<boolean> {
  if (text === '') return false
  hasGlyph ??= await readGlyphs()
  for (const letter of new Set(text)) if (letter.trim() !== '' && !hasGlyph(letter)) return true
  return false
}

/** Loaded with the first text: most renderers never see any. */
async function readGlyphs(): Promise<(letter: string) => boolean> {
  const font = await parseFont('DejaVuSans')
  return (letter) => font.charToGlyphIndex(letter) > 0
}

let widthOf: ((letter: string) => number) | undefined

/** Width of a line in the bundled bold font, in sizes of the font; above 0. Letter by letter: no kerning. */
export async function advanceOf(text: string): Promise<number> {
  widthOf ??= await readWidths()
  let width = 0
  for (const letter of text) width += widthOf(letter)
  return Math.max(width, 0.01)
}

async function readWidths(): Promise<(letter: string) => number> {
  const font = await parseFont('DejaVuSans-Bold')
  return (letter) => (font.charToGlyph(letter).advanceWidth ?? 0) / font.unitsPerEm
}

async function parseFont(name: string) {
  const { default: opentype } = await import('opentype.js')
  const { buffer, byteOffset, byteLength } = await readFile(file(name))
  return opentype.parse(buffer.slice(byteOffset, byteOffset + byteLength))
}
