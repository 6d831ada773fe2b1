import { type Axis, length, notNegative } from './lengths.ts'
import { NUMBERS, number, numbers, ratio } from './numbers.ts'
import { PRIMITIVES } from './primitives.ts'
import { degreesOf } from './transform-list.ts'
import { oneOf, type Parse, print, split, type Value } from './values.ts'

/** Parsers for attributes that are not CSS properties, by element and attribute name. */

const fraction: Parse = (text) => {
  const trimmed = text.trim()
  if (!trimmed.endsWith('%')) return number(trimmed)
  const percent = number(trimmed.slice(0, -1))
  return typeof percent === 'string' ? print(Number(percent) / 100) : null
}

const NOT_DATA = /[^\s,\d.eE+\-MmZzLlHhVvCcSsQqTtAa]/

/** Truncates path data at the first invalid character: browsers draw up to the error. */
const pathData: Parse = (text) => {
  let end = text.search(NOT_DATA)
  if (end < 0) return text
  while (end > 0 && /[eE+\-.,\s]/.test(text[end - 1] as string)) end--
  return text.slice(0, end)
}
const points: Parse = (text) => /^[\s,\d.eE+-]*/.exec(text)?.[0] ?? null

const viewBox: Parse = (text) => {
  const parts = text.trim().split(/\s*,\s*|\s+/)
  if (parts.length !== 4 || !parts.every((part) => number(part) !== null)) return null
  return Number(parts[2]) >= 0 && Number(parts[3]) >= 0 ? parts.join(' ') : null
}
/** A transform list in attribute syntax; each function must have a valid number of arguments. */
export const transformList: Parse = (text) => {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'none') return null
  if (!/^[\sa-zA-Z(),\d.+-]*$/.test(trimmed)) return null
  let at = 0
  const CALL = /[\s,]*(matrix|translate|scale|rotate|skewX|skewY)\s*\(([\s,\deE.+-]*)\)[\s,]*/y
  while (at < trimmed.length) {
    CALL.lastIndex = at
    const [all, name = '', inside = ''] = CALL.exec(trimmed) ?? []
    if (all === undefined) return null
    const count = inside.match(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/g)?.length ?? 0
    if (!ARGUMENTS[name]?.includes(count)) return null
    at += all.length
  }
  return trimmed
}
const ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  matrix: [6],
  translate: [1, 2],
  scale: [1, 2],
  rotate: [1, 3],
  skewX: [1],
  skewY: [1],
}

/** Lengths separated by commas or spaces. */
const lengths = (axis: Axis): Parse => {
  const one = length(axis)
  return (text) => {
    if (NUMBERS.test(text)) return text.trim() === '' ? null : text.trim()
    const parts = split(text.replaceAll(',', ' '), ' ').map(one)
    if (parts.length > 10_000 || parts.includes(null)) return null
    return (context) => parts.map((part) => (typeof part === 'function' ? part(context) : part)).join(' ')
  }
}

/** A fraction with objectBoundingBox units, else a length. */
const boxLength =
  (axis: Axis, unitsAttribute: string, byDefault: 'objectBoundingBox' | 'userSpaceOnUse'): BoxParse =>
  (text, given) => {
    const isBox = (given[unitsAttribute]?.trim() || byDefault) !== 'userSpaceOnUse'
    return isBox ? fraction(text) : length(axis)(text)
  }

/** A value whose parser depends on another attribute of the same element. */
type BoxParse = (text: string, given: Readonly<Record<string, string>>) => Value | null

const units = oneOf('userSpaceOnUse objectBoundingBox')
/** A percentage refers to the length of the path. */
const offset: Parse = (text) =>
  text.trim().endsWith('%') ? number(text.trim().slice(0, -1)) && text.trim() : length('other')(text)
const angle: Parse = (text) => {
  const degrees = degreesOf(text)
  return Number.isFinite(degrees) ? print(degrees) : null
}
const orient: Parse = (text) => oneOf('auto auto-start-reverse')(text) ?? angle(text)
const refPoint = (axis: Axis): Parse => {
  const word = oneOf('left center right top bottom')
  return (text) => word(text) ?? length(axis)(text)
}

const box = (unitsAttribute: string, byDefault: 'objectBoundingBox' | 'userSpaceOnUse') => ({
  x: boxLength('x', unitsAttribute, byDefault),
  y: boxLength('y', unitsAttribute, byDefault),
  width: boxLength('x', unitsAttribute, byDefault),
  height: boxLength('y', unitsAttribute, byDefault),
})
const fits = { viewBox, preserveAspectRatio: ratio }
const text = {
  x: lengths('x'),
  y: lengths('y'),
  dx: lengths('x'),
  dy: lengths('y'),
  rotate: numbers,
  textLength: length('x', notNegative),
  lengthAdjust: oneOf('spacing spacingAndGlyphs'),
  'xml:space': oneOf('preserve default'),
}
const gradient = {
  gradientUnits: units,
  gradientTransform: transformList,
  spreadMethod: oneOf('pad reflect repeat'),
}
const inGradient = (axis: Axis) => boxLength(axis, 'gradientUnits', 'objectBoundingBox')
const focalRadius: BoxParse = (text, given) => {
  const value = inGradient('other')(text, given)
  return typeof value === 'string' && value.trimStart().startsWith('-') ? null : value
}
export const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, Parse | BoxParse>>>> = {
  svg: fits,
  symbol: { ...fits, refX: refPoint('x'), refY: refPoint('y') },
  g: {},
  use: { width: length('x', notNegative), height: length('y', notNegative) },
  image: { preserveAspectRatio: ratio },
  path: { d: pathData, pathLength: number },
  rect: { pathLength: number },
  circle: { pathLength: number },
  ellipse: { pathLength: number },
  line: { x1: length('x'), y1: length('y'), x2: length('x'), y2: length('y'), pathLength: number },
  polyline: { points, pathLength: number },
  polygon: { points, pathLength: number },
  text,
  tspan: text,
  textPath: {
    ...text,
    startOffset: offset,
    method: oneOf('align stretch'),
    spacing: oneOf('auto exact'),
    side: oneOf('left right'),
  },
  linearGradient: { ...gradient, x1: inGradient('x'), y1: inGradient('y'), x2: inGradient('x'), y2: inGradient('y') },
  radialGradient: {
    ...gradient,
    cx: inGradient('x'),
    cy: inGradient('y'),
    r: inGradient('other'),
    fx: inGradient('x'),
    fy: inGradient('y'),
    fr: focalRadius,
  },
  stop: { offset: fraction },
  pattern: {
    ...fits,
    ...box('patternUnits', 'objectBoundingBox'),
    patternUnits: units,
    patternContentUnits: units,
    patternTransform: transformList,
  },
  clipPath: { clipPathUnits: units },
  mask: { ...box('maskUnits', 'objectBoundingBox'), maskUnits: units, maskContentUnits: units },
  marker: {
    ...fits,
    refX: length('x'),
    refY: length('y'),
    markerWidth: length('x', notNegative),
    markerHeight: length('y', notNegative),
    markerUnits: oneOf('strokeWidth userSpaceOnUse'),
    orient,
  },
  filter: { ...box('filterUnits', 'objectBoundingBox'), filterUnits: units, primitiveUnits: units },
  ...PRIMITIVES,
}

/** Elements whose href is followed, with the element names it may refer to. */
export const LEADS_TO: Readonly<Record<string, ReadonlySet<string>>> = {
  use: new Set(
    'svg g symbol use path rect circle ellipse line polyline polygon text image switch a foreignObject'.split(' '),
  ),
  linearGradient: new Set(['linearGradient', 'radialGradient']),
  radialGradient: new Set(['linearGradient', 'radialGradient']),
  pattern: new Set(['pattern']),
  textPath: new Set('path rect circle ellipse line polyline polygon'.split(' ')),
  feImage: new Set('svg g symbol use path rect circle ellipse line polyline polygon text image'.split(' ')),
}
