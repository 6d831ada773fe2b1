import type { Font } from 'fontkit'
import { type Character, charactersOf } from './characters.ts'
import { decorate } from './decorations.ts'
import { baselineOf, type LetterStyle, styleOf } from './letter-style.ts'
import type { ChooseFonts } from './outline-fonts.ts'
import { openTextPath, type TextPath } from './text-path.ts'
import { append, create, type Element, inherited, type Tree } from './tree.ts'
import { print } from './values.ts'

/** Scripts that are written right to left or top to bottom: left to the engines. */
const NOT_OURS = /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc]/

/** Marks that choose between forms of a letter, such as the coloured ones of emoji, and have none of their own. */
export const IS_IGNORED = /\p{Default_Ignorable_Code_Point}/u

/** A letter or ligature with its position before anchors and text paths are applied. In px. */
interface Glyph {
  readonly character: Character
  readonly font: Font
  readonly id: number
  /** px per font unit. */
  readonly scale: number
  x: number
  y: number
  advance: number
  stretch: number
}

/**
 * Converts a text element to paths: for letters of embedded fonts, and for features that librsvg does not support. Null if the text is
 * left to an engine: right-to-left scripts, vertical text, and text beyond `budget.characters`.
 */
export function outlineText(
  text: Element,
  { tree, fonts, budget }: { tree: Tree; fonts: ChooseFonts; budget: { characters: number } },
): Element | null {
  const characters = charactersOf(text).filter(({ letter }) => !IS_IGNORED.test(letter))
  budget.characters -= characters.length
  if (budget.characters < 0 || !/^(?:horizontal|lr)/.test(inherited(text, 'writing-mode') ?? 'lr')) return null
  if (characters.some(({ letter }) => NOT_OURS.test(letter))) return null
  const group = create('g', Object.fromEntries(paintOf(text)))
  // Not inherited, so it is set on each outline.
  const effect = text.attributes.get('vector-effect')
  group.attributes.delete('vector-effect')
  const pen = { x: 0, y: 0 }
  for (const chunk of chunksOf(characters)) {
    const glyphs = setChunk(chunk, { fonts, pen })
    fitLength(glyphs)
    const path = pathOf(chunk[0], tree)
    const drawn = path ? placeOnPath(glyphs, path, chunk) : anchor(glyphs, pen, chunk)
    for (const [element, data] of drawn) {
      const attributes = element === text ? {} : Object.fromEntries(paintOf(element))
      append(
        group,
        create('path', {
          ...attributes,
          ...(effect === undefined ? {} : { 'vector-effect': effect }),
          d: data,
        }),
      )
    }
  }
  return group
}

/** The attributes of a text element that still apply to its paths. */
function paintOf(element: Element): [string, string][] {
  return [...element.attributes].filter(([name]) => !OF_TEXT.test(name))
}

const OF_TEXT =
  /^(?:x|y|dx|dy|rotate|textLength|lengthAdjust|xml:space|startOffset|method|spacing|side|href|font.*|letter-spacing|word-spacing|text-.*|dominant-baseline|baseline-shift|alignment-baseline|white-space|direction|writing-mode|unicode-bidi)$/

/** Text is anchored in chunks, each from one absolute position to the next. */
function chunksOf(characters: readonly Character[]): Character[][] {
  const chunks: Character[][] = []
  let path: Element | null = null
  for (const character of characters) {
    const own = textPathOf(character.element)
    if (chunks.length === 0 || character.x !== undefined || character.y !== undefined || own !== path) chunks.push([])
    path = own
    chunks.at(-1)?.push(character)
  }
  return chunks
}

function textPathOf(element: Element): Element | null {
  for (let at: Element | null = element; at && at.name !== 'text'; at = at.parent) if (at.name === 'textPath') return at
  return null
}

const pathOf = (character: Character | undefined, tree: Tree): TextPath | null => {
  const element = character && textPathOf(character.element)
  return element ? openTextPath(element, tree) : null
}

/** Lays out one chunk; letters that are shaped together form a run. */
function setChunk(chunk: readonly Character[], { fonts, pen }: { fonts: ChooseFonts; pen: Pen }): Glyph[] {
  const glyphs: Glyph[] = []
  for (let at = 0; at < chunk.length; ) {
    const first = chunk[at] as Character
    const style = styleOf(first.element)
    const choice = fonts(style)
    const fontFor = ({ letter }: Character) =>
      choice.find((font) => font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0)) ?? choice[0]
    const font = fontFor(first)
    let end = at + 1
    const isJoined = (next: Character | undefined) =>
      next?.element === first.element && isUnplaced(next) && style.letterSpacing === 0 && fontFor(next) === font
    while (isJoined(chunk[end])) end++
    if (font) setRun(chunk.slice(at, end), { font, style, pen, glyphs })
    at = end
  }
  return glyphs
}

interface Pen {
  x: number
  y: number
}

const isUnplaced = ({ x, y, dx, dy, rotate }: Character): boolean =>
  x === undefined && y === undefined && !dx && !dy && !rotate

function setRun(
  run: readonly Character[],
  { font, style, pen, glyphs }: { font: Font; style: LetterStyle; pen: Pen; glyphs: Glyph[] },
): void {
  const [first] = run
  if (!first) return
  pen.x = (first.x ?? pen.x) + (first.dx ?? 0)
  pen.y = (first.y ?? pen.y) + (first.dy ?? 0)
  const scale = style.size / font.unitsPerEm
  const features = style.letterSpacing === 0 ? undefined : { liga: false, clig: false }
  const { glyphs: shapes, positions } = font.layout(run.map(({ letter }) => letter).join(''), features)
  let index = 0
  for (const [number, shape] of shapes.entries()) {
    const position = positions[number]
    const character = run[Math.min(index, run.length - 1)] ?? first
    index += Math.max(1, shape.codePoints.length)
    const isSpace = character.letter === ' '
    const advance = (position?.xAdvance ?? 0) * scale + style.letterSpacing + (isSpace ? style.wordSpacing : 0)
    const [x, y] = [pen.x + (position?.xOffset ?? 0) * scale, pen.y - (position?.yOffset ?? 0) * scale]
    const shifted = y + baselineOf(font, style)
    glyphs.push({ character, font, id: shape.id, scale, x, y: shifted, advance, stretch: 1 })
    pen.x += advance
  }
}

/** Spreads or stretches letters to a stated `textLength`. */
function fitLength(glyphs: readonly Glyph[]): void {
  const [first] = glyphs
  let element: Element | null = first?.character.element ?? null
  while (element && !element.attributes.has('textLength') && element.name !== 'text') element = element.parent
  const wanted = Number(element?.attributes.get('textLength'))
  const natural = glyphs.reduce((sum, { advance }) => sum + advance, 0)
  if (!first || !element?.attributes.has('textLength') || !(wanted > 0) || natural <= 0) return
  const isStretched = element.attributes.get('lengthAdjust') === 'spacingAndGlyphs'
  const gap = isStretched || glyphs.length < 2 ? 0 : (wanted - natural) / (glyphs.length - 1)
  for (const [index, glyph] of glyphs.entries()) {
    if (isStretched) {
      glyph.x = first.x + ((glyph.x - first.x) * wanted) / natural
      glyph.stretch = wanted / natural
      glyph.advance *= wanted / natural
    } else {
      glyph.x += gap * index
      if (index < glyphs.length - 1) glyph.advance += gap
    }
  }
}

const anchorShare = (chunk: readonly Character[]): number =>
  ({ start: 0, middle: 0.5, end: 1 })[inherited(chunk[0]?.element as Element, 'text-anchor') ?? 'start'] ?? 0

const widthOf = (glyphs: readonly Glyph[]): number => {
  const last = glyphs.at(-1)
  return last ? last.x + last.advance - (glyphs[0]?.x ?? 0) : 0
}

/** Collects outlines by the element whose style they have. */
type Outlines = Map<Element, string>

function anchor(glyphs: readonly Glyph[], pen: Pen, chunk: readonly Character[]): Outlines {
  const back = widthOf(glyphs) * anchorShare(chunk)
  pen.x = (glyphs.at(-1)?.x ?? pen.x) + (glyphs.at(-1)?.advance ?? 0) - back
  const outlines: Outlines = new Map()
  const placed = glyphs.map((glyph) => ({
    element: glyph.character.element,
    x: glyph.x - back,
    y: glyph.y,
    advance: glyph.advance,
    size: glyph.scale * glyph.font.unitsPerEm,
    ascent: glyph.font.ascent * glyph.scale,
  }))
  const lines = decorate(placed)
  for (const [element, data] of lines) outlines.set(element, data)
  for (const glyph of glyphs) {
    const angle = ((glyph.character.rotate ?? 0) * Math.PI) / 180
    add(outlines, glyph, { x: glyph.x - back, y: glyph.y, angle })
  }
  return outlines
}

/** Centres each letter on its point of the path; letters beyond either end are not drawn. */
function placeOnPath(glyphs: readonly Glyph[], path: TextPath, chunk: readonly Character[]): Outlines {
  const outlines: Outlines = new Map()
  const start = path.startOffset - widthOf(glyphs) * anchorShare(chunk)
  const from = glyphs[0]?.x ?? 0
  for (const glyph of glyphs) {
    const middle = start + glyph.x - from + glyph.advance / 2
    const point = path.at(middle)
    if (!point) continue
    const back = -glyph.advance / 2
    const [cos, sin] = [Math.cos(point.angle), Math.sin(point.angle)]
    const x = point.x + cos * back - sin * glyph.y
    const y = point.y + sin * back + cos * glyph.y
    add(outlines, glyph, { x, y, angle: point.angle + ((glyph.character.rotate ?? 0) * Math.PI) / 180 })
  }
  return outlines
}

function add(outlines: Outlines, glyph: Glyph, { x, y, angle }: { x: number; y: number; angle: number }): void {
  const { character, font, id, scale, stretch } = glyph
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale]
  const place = (gx: number, gy: number) =>
    `${print(x + cos * gx * stretch + sin * gy)} ${print(y + sin * gx * stretch - cos * gy)}`
  let data = ''
  for (const { command, args } of font.getGlyph(id).path.commands) {
    data += LETTERS[command]
    for (let at = 0; at + 1 < args.length; at += 2) data += `${at ? ' ' : ''}${place(args[at] ?? 0, args[at + 1] ?? 0)}`
  }
  if (data !== '') outlines.set(character.element, (outlines.get(character.element) ?? '') + data)
}

const LETTERS = { moveTo: 'M', lineTo: 'L', quadraticCurveTo: 'Q', bezierCurveTo: 'C', closePath: 'Z' } as const
