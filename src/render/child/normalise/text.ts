import { familyFor } from '../fonts.ts'
import { isDecorated, isOnOwnBaseline } from './decorations.ts'
import { LIMITS } from './limits.ts'
import { type ChooseFonts, familiesIn, openFonts, weightOf } from './outline-fonts.ts'
import { IS_IGNORED, outlineText } from './outline-text.ts'
import { append, create, type Element, inherited, replace, type Tree, textOf, walk } from './tree.ts'
import { print } from './values.ts'

/**
 * Prepares text for librsvg: applies text-transform, replaces small capitals by capitals and families by their bundled substitutes. Text
 * with features that librsvg does not support and letters of embedded fonts become paths.
 */
export function resolveText(tree: Tree): void {
  const texts = [...walk(tree.root)].filter(({ name }) => name === 'text')
  if (texts.length === 0) return
  const fonts = openFonts(tree.fontFaces)
  const embedded = new Set(tree.fontFaces.map(({ family }) => family.toLowerCase()))
  const budget = { characters: LIMITS.outlinedCharacters }
  for (const text of texts) {
    for (const element of walk(text)) resolveLetters(element)
    const isLacking = lacksGlyph(text, fonts)
    if (isLacking) tree.warnings.add('TEXT').add('MISSING_GLYPH')
    const outline = isLacking || needsOutlining(text, embedded) ? outlineText(text, { tree, fonts, budget }) : null
    if (outline) replace(text, outline)
    else for (const element of walk(text)) resolveFamily(element)
  }
  // Inherited by texts without a family of their own; those in a text are already set.
  for (const element of walk(tree.root, ({ name }) => name !== 'text')) nameFamily(element)
}

const LISTS = ['x', 'y', 'dx', 'dy', 'rotate']
const isList = (value: string | undefined): boolean => /\S[\s,]+\S/.test(value?.trim() ?? '')

function needsOutlining(text: Element, embedded: ReadonlySet<string>): boolean {
  for (const element of walk(text)) {
    const { name, attributes } = element
    if (name === 'textPath' || attributes.has('textLength') || attributes.has('rotate')) return true
    if (LISTS.some((list) => isList(attributes.get(list)))) return true
    if (Number(inherited(element, 'word-spacing') ?? 0)) return true
    if (isSpacedToNext(element)) return true
    if (isDecorated(element) || isOnOwnBaseline(element) || attributes.has('vector-effect')) return true
    if (embedded.size > 0 && familiesIn(inherited(element, 'font-family') ?? '').some((family) => embedded.has(family)))
      return true
  }
  return false
}

/** Whether the space behind its last letter has a place: librsvg omits it, so that anchored letters and the next span move. */
function isSpacedToNext(element: Element): boolean {
  if (!Number(inherited(element, 'letter-spacing') ?? 0)) return false
  const isAnchored = (inherited(element, 'text-anchor') ?? 'start') !== 'start'
  return isAnchored || (element.name === 'tspan' && !element.attributes.has('x'))
}

/** All in the bundled sans: letters of Europe, punctuation, arrows, mathematical signs and geometric shapes. */
const SURELY_THERE =
  /^[\t\n\r\x20-\x7e\xa0-\u024f\u0370-\u0377\u037a-\u037e\u0384-\u038a\u038c-\u0525\u2010-\u2027\u2030-\u205e\u20ac\u2122\u2190-\u22ff\u2500-\u25ff]*$/

/**
 * Whether a letter is in none of the bundled fonts: browsers draw the box of the first font for it, librsvg one with the letter's number.
 */
function lacksGlyph(text: Element, fonts: ChooseFonts): boolean {
  const written = textOf(text)
  if (SURELY_THERE.test(written)) return false
  const font = fonts({ family: 'sans-serif', weight: 400, isItalic: false }).at(-1)
  return [...written].some(
    (letter) => !font?.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0) && !IS_IGNORED.test(letter),
  )
}

/** Chromium's size of synthetic small capitals. */
const SMALL_CAPS = 0.7

function resolveLetters(element: Element): void {
  const { attributes } = element
  const transform = inherited(element, 'text-transform') ?? 'none'
  if (transform !== 'none')
    element.children = element.children.map((child) =>
      typeof child === 'string' ? changeCase(child, transform) : child,
    )
  if (/^(?:pre|break-spaces)/.test(attributes.get('white-space') ?? '')) attributes.set('xml:space', 'preserve')
  if (inherited(element, 'font-variant') !== 'small-caps') return
  const size = print(Number(inherited(element, 'font-size') ?? 16) * SMALL_CAPS)
  const children = element.children.splice(0)
  for (const child of children) {
    if (typeof child !== 'string') {
      append(element, child)
      continue
    }
    for (const part of child.split(/(\p{Ll}+)/u)) {
      if (part === '') continue
      if (!/\p{Ll}/u.test(part)) element.children.push(part)
      else append(element, create('tspan', { 'font-size': size, 'font-variant': 'normal' }, [part.toUpperCase()]))
    }
  }
}

export function changeCase(text: string, transform: string): string {
  if (transform === 'none') return text
  if (transform === 'uppercase') return text.toUpperCase()
  if (transform === 'lowercase') return text.toLowerCase()
  return text.replaceAll(/(?<![\p{L}\p{N}'’])\p{Ll}/gu, (letter) => letter.toUpperCase())
}

/** The bundled sans has a light face, under a family name of its own. */
function resolveFamily(element: Element): void {
  const { attributes } = element
  const says = ['font-family', 'font-weight'].some((name) => attributes.has(name)) || element.name === 'text'
  if (!says) return
  const family = familyFor(inherited(element, 'font-family') ?? '')
  const isLight = weightOf(inherited(element, 'font-weight') ?? 'normal') < 400 && family === 'DejaVu Sans'
  attributes.set('font-family', isLight ? 'DejaVu Sans Light' : family)
  if (isLight) attributes.set('font-weight', '200')
}

function nameFamily({ attributes }: Element): void {
  const list = attributes.get('font-family')
  if (list !== undefined) attributes.set('font-family', familyFor(list))
}
