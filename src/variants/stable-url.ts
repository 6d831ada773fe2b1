import { AppError } from '../core/errors.ts'
import { STABLE_PARAMETERS } from '../core/stable-parameters.ts'
import type { Transform } from '../core/transform.ts'
import { offeredTransform, THEMES, type TransformRequest } from '../core/transform-request.ts'
import {
  IMAGE_FORMATS,
  type ImageFormat,
  isLayoutName,
  isUniqueId,
  type Preset,
  type Presets,
} from '../core/variant.ts'
import { offeredFormat, offeredPreset } from './offered.ts'

/**
 * Printing and parsing of stable picture addresses, for clients that cannot query GraphQL: `i/{uniqueId}.{webp|avif|png}?w=256&theme=dark`
 * for an item, and `f/{uniqueId}/{layout}.png` for a family. They redirect to the immutable picture. Pure.
 */

interface Query {
  readonly w?: number
  readonly theme?: string
  readonly color?: string | null | undefined
  readonly preset?: string
}

/** The path below the prefix of image URLs. */
export function printStableUrl(uniqueId: string, format: ImageFormat, { w, theme, color, preset }: Query): string {
  const query = new URLSearchParams()
  if (preset) query.set('preset', preset)
  if (w) query.set('w', String(w))
  if (theme && theme !== 'LIGHT') query.set('theme', theme.toLowerCase())
  if (color) query.set('color', color.slice(1))
  return `i/${uniqueId}.${format.toLowerCase()}?${query}`
}

const EXTENSIONS = IMAGE_FORMATS.map((format) => format.toLowerCase()).join('|')
const ITEM = new RegExp(`^i/([^/.]+)\\.(${EXTENSIONS})$`)
const FAMILY = new RegExp(`^f/([^/.]+)/([^/.]+)\\.(${EXTENSIONS})$`)

export type StablePath =
  | { readonly type: 'item'; readonly uniqueId: string; readonly format: ImageFormat }
  | { readonly type: 'family'; readonly uniqueId: string; readonly layout: string; readonly format: ImageFormat }

/** Whether a path is meant as a stable address: keys have more parts. */
export const isStablePath = (path: string): boolean => /^(?:i\/[^/]*|f\/[^/]*\/[^/]*)$/.test(path)

/** Throws BAD_INPUT. */
export function parseStablePath(path: string): StablePath {
  const [, ofItem, itemFormat] = ITEM.exec(path) ?? []
  if (ofItem && itemFormat && isUniqueId(ofItem))
    return { type: 'item', uniqueId: ofItem, format: itemFormat.toUpperCase() as ImageFormat }
  const [, ofFamily, layout, format] = FAMILY.exec(path) ?? []
  if (ofFamily && layout && format && isUniqueId(ofFamily) && isLayoutName(layout))
    return { type: 'family', uniqueId: ofFamily, layout, format: format.toUpperCase() as ImageFormat }
  return refuse(
    'An item has the address i/{uniqueId}.webp, a family f/{uniqueId}/{layout}.png; a unique id is 12 characters A-Z and 0-9, the formats are webp, avif and png.',
  )
}

const QUERY_MAX_CHARS = 300
/** The width if the address gives no size. */
const WIDTH_PX = 512

/** The preset that a query names, or the transform, rounded up to the ladder. Throws BAD_INPUT. */
export function recipeOfQuery(
  { presets, ladder }: { readonly presets: Presets; readonly ladder: readonly number[] },
  { text, format }: { text: string; format: ImageFormat },
): { readonly preset: Preset } | { readonly transform: Transform } {
  if (text.length > QUERY_MAX_CHARS)
    refuse(`The query has ${text.length} characters; at most ${QUERY_MAX_CHARS} are allowed.`)
  const query = new URLSearchParams(text)
  const known: readonly string[] = STABLE_PARAMETERS
  for (const name of query.keys()) {
    if (!known.includes(name))
      refuse(`There is no parameter ${show(name)}; the parameters are ${STABLE_PARAMETERS.join(', ')}.`)
    if (query.getAll(name).length > 1) refuse(`The parameter ${name} is given twice.`)
  }
  const name = query.get('preset')
  if (name !== null) {
    if (query.size > 1) refuse('A preset cannot be combined with other parameters.')
    const preset = offeredPreset(presets, name)
    offeredFormat(preset, format)
    return { preset }
  }
  return { transform: offeredTransform(ladder, requestOf(query)) }
}

function requestOf(query: URLSearchParams): TransformRequest {
  const width = numberOf(query, 'w')
  const height = numberOf(query, 'h')
  return {
    width: width ?? (height === null ? WIDTH_PX : null),
    height,
    dpr: numberOf(query, 'dpr'),
    padding: numberOf(query, 'padding'),
    fit: wordOf(query, 'fit', ['CONTAIN', 'COVER'] as const),
    theme: wordOf(query, 'theme', THEMES),
    background: colourOf(query, 'background'),
    color: colourOf(query, 'color'),
  }
}

function numberOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null) return null
  return /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : refuse(`${name}=${show(text)} is not a number.`)
}

function wordOf<T extends string>(query: URLSearchParams, name: string, words: readonly T[]): T | null {
  const text = query.get(name)
  if (text === null) return null
  const word = words.find((each) => each === text.toUpperCase())
  return word ?? refuse(`${name}=${show(text)} is not one of ${words.join(', ').toLowerCase()}.`)
}

/** A `#` would start the fragment of a URL, so it may be omitted. */
function colourOf(query: URLSearchParams, name: string): string | null {
  const text = query.get(name)
  return text !== null && /^[0-9a-f]{6}$/i.test(text) ? `#${text}` : text
}

const show = (text: string) => JSON.stringify(text.slice(0, 40))

function refuse(sentence: string): never {
  throw new AppError('BAD_INPUT', sentence)
}
