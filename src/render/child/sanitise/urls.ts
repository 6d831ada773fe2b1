import type { Findings } from './tree.ts'

const LOCAL = /url\(\s*(?:#([^"'()\s\\<>]+)|"#([^"'()\s\\<>]+)"|'#([^"'()\s\\<>]+)')\s*\)/gi
/** Every function of CSS, past and present, that may load something or run something. */
const LOADS = /\b(?:url(?:-prefix)?|src|image(?:-set)?|cross-fade|element|expression|paint)\s*\(|javascript:|@/i

/** True when a value cannot hold a reference: no function, no escape. Nearly all values end here. */
export const isPlain = (value: string): boolean => !value.includes('(') && !value.includes('\\')

/** True when a text holds no function that loads, and no escape beside a function that could turn out to be one. */
export const isHarmless = (text: string): boolean => !LOADS.test(text) && !(text.includes('\\') && text.includes('('))

/** The ids that a value refers to by `url(#id)`. */
export function idsIn(value: string): string[] {
  if (!value.includes('(')) return []
  return Array.from(value.matchAll(LOCAL), ([, bare, double, single]) => bare ?? double ?? single ?? '')
}

/**
 * A property's value as it may stay: `url(#id)` is kept, anything else that could load is cut out, and null is
 * returned where nothing else is left (`fill="url(x.svg#p) red"` is `red`). Escapes and comments are looked through.
 */
export function cleanValue(value: string, findings: Findings): string | null {
  if (isPlain(value)) return value
  const seen = unescapeCss(value.replaceAll(/\/\*[\s\S]*?(?:\*\/|$)/g, ''))
  if (!LOADS.test(seen.replaceAll(LOCAL, ' ')) && (seen === value || !/url\s*\(/i.test(seen))) return value
  findings.warnings.add('EXTERNAL_REFERENCE')
  const fallback = seen.replaceAll(/url\s*\((?:\s*"[^"]*"\s*|\s*'[^']*'\s*|[^()"']*)\)/gi, ' ').trim()
  return fallback !== '' && isPlain(fallback) && /^[\w#.,%\s-]+$/.test(fallback) ? fallback : null
}

/** CSS escapes decoded: `u\72l(` is `url(`. */
const unescapeCss = (value: string): string =>
  value.replaceAll(/\\(?:([\da-f]{1,6})\s?|\r?\n|([\s\S]))/gi, (_, hex?: string, plain?: string) => {
    if (hex === undefined) return plain ?? ''
    const point = Number.parseInt(hex, 16)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  })
