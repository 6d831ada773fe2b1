import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = path.dirname(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')))
const file = (name: string) => path.join(FOLDER, `${name}.ttf`)

const DEFAULT = 'DejaVu Sans'

/** The bundled fonts, for resvg: the same on every machine. */
export const FONTS = {
  fontFiles: readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ttf') && !name.includes('Math'))
    .map((name) => path.join(FOLDER, name)),
  defaultFontFamily: DEFAULT,
}

/**
 * The bundled family for a list of families, as Chromium resolves it with the same fonts: the first one that is available, by its own
 * name or as `serif` or `monospace`; otherwise the sans.
 * @param list as in CSS: `"Myriad Pro", serif`
 */
export function familyFor(list: string): string {
  for (const entry of list.split(',')) {
    const quoted = /^\s*(["'])(.*)\1\s*$/.exec(entry)?.[2]
    const name = (quoted ?? entry).trim().replaceAll(/\s+/g, ' ').toLowerCase()
    if (name === 'serif') return 'DejaVu Serif'
    if (name === 'monospace') return 'DejaVu Sans Mono'
    const own = Object.keys(STEMS).find((family) => family.toLowerCase() === name)
    if (own || name === 'sans-serif') return own ?? DEFAULT
  }
  return DEFAULT
}

const STEMS: Readonly<Record<string, string>> = {
  'DejaVu Sans': 'DejaVuSans',
  'DejaVu Sans Condensed': 'DejaVuSansCondensed',
  'DejaVu Serif': 'DejaVuSerif',
  'DejaVu Serif Condensed': 'DejaVuSerifCondensed',
  'DejaVu Sans Mono': 'DejaVuSansMono',
}

/** The font file for a face of a bundled family. */
export function bundledFace(family: string, { weight, isItalic }: { weight: number; isItalic: boolean }): string {
  const stem = STEMS[family] ?? 'DejaVuSans'
  if (stem === 'DejaVuSans' && weight < 400 && !isItalic) return file('DejaVuSans-ExtraLight')
  const slope = isItalic ? (stem.includes('Serif') ? 'Italic' : 'Oblique') : ''
  const face = `${weight > 500 ? 'Bold' : ''}${slope}`
  return file(face === '' ? stem : `${stem}-${face}`)
}

let widths: ReadonlyMap<number, number> | undefined
let boldWidths: ReadonlyMap<number, number> | undefined

/** True if the bundled font with the most glyphs lacks a letter of the text, which is then drawn as a box. */
export async function lacksGlyph(text: string): Promise<boolean> {
  if (text === '') return false
  widths ??= await readWidths('DejaVuSans')
  for (const letter of new Set(text)) if (letter.trim() !== '' && !widths.has(letter.codePointAt(0) ?? 0)) return true
  return false
}

/** The width of a line in the bundled bold font, in em; above 0. The sum of the advances, without kerning. */
export async function advanceOf(text: string): Promise<number> {
  boldWidths ??= await readWidths('DejaVuSans-Bold')
  let width = 0
  for (const letter of text) width += boldWidths.get(letter.codePointAt(0) ?? 0) ?? boldWidths.get(0) ?? 0
  return Math.max(width, 0.01)
}

/** The end of the planes with letters and symbols; after it come CJK variants and private use. */
const LETTERS_END = 0x20000

/**
 * The advance width of each letter of a font, in em; at 0 that of the missing glyph. Loaded with the first text: most renderers never
 * need it. The parsed font is not kept: its 20 MB of objects make every full garbage collection 14 ms longer.
 */
async function readWidths(name: string): Promise<ReadonlyMap<number, number>> {
  const { default: opentype } = await import('opentype.js')
  const { buffer, byteOffset, byteLength } = await readFile(file(name))
  const font = opentype.parse(buffer.slice(byteOffset, byteOffset + byteLength))
  const widthOf = (glyph: number) => (font.glyphs.get(glyph).advanceWidth ?? 0) / font.unitsPerEm
  const found = new Map([[0, widthOf(0)]])
  for (let letter = 1; letter < LETTERS_END; letter++) {
    const glyph = font.charToGlyphIndex(String.fromCodePoint(letter))
    if (glyph > 0) found.set(letter, widthOf(glyph))
  }
  return found
}
