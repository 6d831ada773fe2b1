import { colour } from './colours.ts'
import { length, notNegative } from './lengths.ts'
import { readUrl } from './references.ts'
import { calls, evaluate, oneOf, type Parse, print, split, type Value } from './values.ts'

export const names = (list: string): ReadonlySet<string> => new Set(list.split(' '))
const SERVERS = names('linearGradient radialGradient pattern')

/** A paint: none, a colour, or a paint server with a fallback. */
export const paint: Parse = (text) => {
  if (text === 'none' || text.charCodeAt(0) === 35) return text === 'none' ? text : colour(text)
  const url = readUrl(text)
  if (url) {
    const fallback = url.rest === '' ? 'none' : paint(url.rest)
    // An invalid fallback invalidates the whole value.
    if (fallback === null) return null
    return (context) => {
      const instead = evaluate(fallback, context) ?? 'none'
      const server = context.refer(url.address, SERVERS)
      // The engine uses the fallback for shapes without a box.
      if (server === null || server === 'none') return server ?? instead
      return instead.startsWith('#') ? `${server} ${instead.slice(0, 7)}` : server
    }
  }
  const word = text.trim().toLowerCase()
  return word === 'none' || word === 'context-fill' || word === 'context-stroke' ? word : colour(text)
}

/** none, or a reference to an element; a dangling reference is none. */
export const reference = (targets: string): Parse => {
  const known = names(targets)
  return (text) => {
    const url = readUrl(text)
    if (url) return (context) => context.refer(url.address, known) ?? 'none'
    return text.trim().toLowerCase() === 'none' ? 'none' : null
  }
}

/** References and functions, unchanged: a later step converts them to elements. */
export const functions: Parse = (text) =>
  text.trim().toLowerCase() === 'none' ? 'none' : text.includes('(') ? text : null
export const verbatim: Parse = (text) => text.trim() || null

const SIZES: Readonly<Record<string, number>> = {
  'xx-small': 9,
  'x-small': 10,
  small: 13,
  medium: 16,
  large: 18,
  'x-large': 24,
  'xx-large': 32,
  'xxx-large': 48,
}
const fontLength = length('em', notNegative)

/** `em` and percentages are of the parent's font size, so the context is the parent's. */
export const fontSize: Parse = (text) => {
  const word = text.trim().toLowerCase()
  if (Object.hasOwn(SIZES, word)) return String(SIZES[word])
  if (word === 'larger' || word === 'smaller')
    return ({ fontSize: size }) => print(word === 'larger' ? size * 1.2 : size / 1.2)
  return fontLength(text)
}

export const fontWeight: Parse = (text) => {
  const word = text.trim().toLowerCase()
  if (/^(?:normal|bold|bolder|lighter)$/.test(word)) return word
  const weight = Number(word)
  return weight >= 1 && weight <= 1000 ? String(Math.round(weight)) : null
}

const STRETCHES =
  'ultra-condensed extra-condensed condensed semi-condensed normal semi-expanded expanded extra-expanded ultra-expanded'
const stretchWord = oneOf(STRETCHES)
/** Upper bounds of the percentages for which each word is the nearest. CSS Fonts 4, 2.3. */
const STRETCH_ENDS = [56.25, 68.75, 81.25, 93.75, 106.25, 118.75, 137.5, 175, Number.POSITIVE_INFINITY]

/** A keyword, or the keyword nearest to a percentage. */
export const fontStretch: Parse = (text) => {
  const percent = /^\s*(\d+(?:\.\d+)?|\.\d+)%\s*$/.exec(text)?.[1]
  if (percent === undefined) return stretchWord(text)
  return STRETCHES.split(' ')[STRETCH_ENDS.findIndex((end) => Number(percent) < end)] ?? null
}

/** Removes double quotes from names that do not need them, and any character that could end a value. */
export const fontFamily: Parse = (text) => {
  const families = split(text, ',')
    .slice(0, 32)
    .map((family) =>
      family
        .replaceAll(/["'\\;{}<>&()]/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .filter((family) => family !== '' && family.length < 100)
  if (families.length === 0) return null
  return families
    .map((family) => (/^[a-z_-][\w-]*(?: [a-z_-][\w-]*)*$/i.test(family) ? family : `'${family}'`))
    .join(',')
}

/** Lengths separated by commas or spaces. */
export const dashes: Parse = (text) => {
  const word = text.trim().toLowerCase()
  if (word === 'none' || word === '') return word === '' ? null : 'none'
  if (/^[\d\s.,]+$/.test(word))
    return word
      .split(/[\s,]+/)
      .filter(Boolean)
      .join(' ')
  const parts = split(word.replaceAll(',', ' '), ' ').map(dash)
  if (parts.includes(null)) return null
  return (context) => parts.map((part) => evaluate(part, context) ?? '0').join(' ')
}
const dash = length('other', notNegative)

export const orWord = (words: string, parse: Parse): Parse => {
  const word = oneOf(words)
  return (text) => word(text) ?? parse(text)
}

export const paintOrder: Parse = (text) => {
  const words = text.trim().toLowerCase().split(/\s+/)
  return words.every((word) => /^(?:normal|fill|stroke|markers)$/.test(word)) && new Set(words).size === words.length
    ? words.join(' ')
    : null
}

export const decoration: Parse = (text) => {
  const lines = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => /^(?:none|underline|overline|line-through)$/.test(word))
  return lines.length > 0 ? lines.join(' ') : null
}

export const miter: Parse = (text) => {
  const number = Number(text)
  return text.trim() !== '' && number >= 1 ? print(number) : null
}

/** The colour of a `background`; pictures and gradients are ignored. */
export const background: Parse = (text) => {
  for (const part of split(text, ' ')) {
    const found = colour(part)
    if (found !== null) return found
  }
  return text.trim().toLowerCase() === 'none' ? '#00000000' : null
}

/** The data in `path("...")`. */
export function pathOf(text: string): Value | null {
  if (text.trim().toLowerCase() === 'none') return ''
  const [call, ...others] = calls(text) ?? []
  if (call?.name !== 'path' || others.length > 0) return null
  const data = /^(["'])([^"']*)\1$/.exec(call.inside)?.[2]
  return data === undefined ? null : data
}
