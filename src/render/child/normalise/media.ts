import type { Size } from './box.ts'
import { split } from './values.ts'

/** Media features of a static picture in a page: a light screen without a pointing device. */
const FEATURES: Readonly<Record<string, string>> = {
  'prefers-color-scheme': 'light',
  'prefers-reduced-motion': 'no-preference',
  'prefers-contrast': 'no-preference',
  'prefers-reduced-transparency': 'no-preference',
  'prefers-reduced-data': 'no-preference',
  'forced-colors': 'none',
  'inverted-colors': 'none',
  hover: 'none',
  'any-hover': 'none',
  pointer: 'none',
  'any-pointer': 'none',
  scripting: 'none',
  update: 'fast',
  'color-gamut': 'srgb',
  'dynamic-range': 'standard',
  'display-mode': 'browser',
  color: '8',
  monochrome: '0',
  grid: '0',
}

/** True if a list of media queries matches for a picture of the size. An unknown feature does not match. */
export const mediaHolds = (queries: string, page: Size): boolean =>
  queries.trim() === '' || split(queries.toLowerCase(), ',').some((query) => queryHolds(query, page))

function queryHolds(query: string, page: Size): boolean {
  const [, modifier, type, rest = ''] = /^(?:(not|only)\s+)?([a-z-]+)?(?:\s+and\s+)?([\s\S]*)$/.exec(query.trim()) ?? []
  if (modifier === 'not' && type === undefined) return !conditionHolds(rest, page, 0)
  if (type === 'not') return !conditionHolds(rest, page, 0)
  const isType = type === undefined || type === 'all' || type === 'screen'
  const holds = isType && (rest.trim() === '' || conditionHolds(rest, page, 0))
  return modifier === 'not' ? !holds : holds
}

/** `(a) and (b)`, `(a) or (b)`, `not (a)`, and conditions in parentheses. */
function conditionHolds(condition: string, page: Size, depth: number): boolean {
  if (depth > 8) return false
  const words = split(condition.replaceAll(')and', ') and'), ' ')
  if (words[0] === 'not') return !conditionHolds(words.slice(1).join(' '), page, depth + 1)
  const parts = words.filter((word) => word !== 'and' && word !== 'or')
  const test = (part: string) => {
    if (!part.startsWith('(') || !part.endsWith(')')) return false
    const inside = part.slice(1, -1).trim()
    return inside.startsWith('(') || inside.startsWith('not ')
      ? conditionHolds(inside, page, depth + 1)
      : featureHolds(inside, page)
  }
  return words.includes('or') ? parts.some(test) : parts.length > 0 && parts.every(test)
}

function featureHolds(feature: string, page: Size): boolean {
  const range = /^([\w.-]+)\s*(<=?|>=?|=)\s*([\w./-]+)(?:\s*(<=?|>=?)\s*([\w.-]+))?$/.exec(feature)
  if (range) {
    const [, left = '', sign = '', middle = '', second, right] = range
    if (second !== undefined)
      return (
        compare(valueFor(left, page), sign, valueFor(middle, page)) &&
        compare(valueFor(middle, page), second, valueFor(right ?? '', page))
      )
    return compare(valueFor(left, page), sign, valueFor(middle, page))
  }
  const [name = '', value] = feature.split(/\s*:\s*/)
  const [, bound, base = name] = /^(min|max)-(.*)$/.exec(name) ?? []
  if (
    base === 'width' ||
    base === 'height' ||
    base === 'aspect-ratio' ||
    base === 'device-width' ||
    base === 'device-height'
  ) {
    if (value === undefined) return true
    return compare(
      valueFor(base.replace('device-', ''), page),
      bound === 'min' ? '>=' : bound === 'max' ? '<=' : '=',
      valueFor(value, page),
    )
  }
  if (name === 'orientation')
    return value === undefined || value === (page.height >= page.width ? 'portrait' : 'landscape')
  if (/resolution|device-pixel-ratio/.test(base)) {
    const ratio = Number.parseFloat(value ?? '1') / (value?.endsWith('dpi') ? 96 : 1)
    return compare(1, bound === 'min' ? '>=' : bound === 'max' ? '<=' : '=', ratio)
  }
  const known = Object.hasOwn(FEATURES, base) ? FEATURES[base] : undefined
  if (known === undefined) return false
  if (bound !== undefined) return compare(Number(known), bound === 'min' ? '>=' : '<=', Number(value))
  return value === undefined ? known !== 'none' && known !== 'no-preference' && known !== '0' : value === known
}

function valueFor(text: string, page: Size): number {
  if (text === 'width') return page.width
  if (text === 'height') return page.height
  if (text === 'aspect-ratio') return page.width / page.height
  const [number = '', over] = text.split('/')
  if (over !== undefined) return Number(number) / Number(over)
  return Number.parseFloat(number) * (/r?em$/.test(number) ? 16 : 1)
}

function compare(left: number, sign: string, right: number): boolean {
  if (sign === '<') return left < right
  if (sign === '<=') return left <= right
  if (sign === '>') return left > right
  return sign === '>=' ? left >= right : left === right
}
