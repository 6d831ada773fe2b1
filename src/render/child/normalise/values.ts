import type { Size } from './box.ts'

/** What the computed value of a property depends on, apart from the written value. */
export interface Context {
  /** In px. */
  readonly fontSize: number
  readonly rootFontSize: number
  /** `#rrggbb` or `#rrggbbaa`; null if nothing in the document sets it: a preset may. */
  readonly color: string | null
  /** What percentages refer to; null if it is only known where the element is used. */
  readonly viewport: Size | null
  /** The size of the picture, in px. */
  readonly page: Size
  /** A reference to the element that a `url()` names, if its name is one of these; else null. */
  readonly refer: (address: string, names: ReadonlySet<string>) => string | null
}

/** A value, or a function of the context that computes it; null if there is no valid one. */
export type Value = string | ((context: Context) => string | null)

/** Parses a property's value; null if a browser would treat it as invalid. */
export type Parse = (text: string) => Value | null

export const evaluate = (value: Value | null, context: Context): string | null =>
  typeof value === 'function' ? value(context) : value

/** The largest number that engines support. */
const FLOAT_MAX = 3.4e38

/** Prints a number without an exponent, which not every parser supports, and with the range and precision of a float. */
export function print(number: number): string {
  if (!Number.isInteger(number)) return String(Math.abs(number) < 1e-6 ? 0 : Number(number.toPrecision(8)))
  if (Math.abs(number) < 1e21) return String(number)
  return String(BigInt(Math.min(Math.max(number, -FLOAT_MAX), FLOAT_MAX)))
}

/** Splits arguments at commas or tokens at spaces, outside of parentheses and quotes. One pass. */
export function split(text: string, by: ',' | ' ' | '/'): string[] {
  const parts: string[] = []
  let depth = 0
  let quote = 0
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quote !== 0) {
      if (code === 92) at++
      else if (code === quote) quote = 0
    } else if (code === 34 || code === 39) quote = code
    else if (code === 40) depth++
    else if (code === 41) depth--
    else if (depth === 0 && (by === ' ' ? code <= 32 : text[at] === by)) {
      if (by !== ' ' || at > from) parts.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  if (by !== ' ' || from < text.length) parts.push(text.slice(from).trim())
  return parts
}

export interface Call {
  /** In lower case. */
  readonly name: string
  readonly inside: string
}

/** The function calls that a value consists of, `rotate(1) scale(2)`; null if it contains anything else. One pass. */
export function calls(text: string): Call[] | null {
  const found: Call[] = []
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code <= 32 || code === 44) {
      at++
      continue
    }
    const open = text.indexOf('(', at)
    const name = open < 0 ? '' : text.slice(at, open).trim().toLowerCase()
    if (!/^-?[a-z][a-z0-9-]{0,30}$/.test(name)) return null
    let depth = 1
    let end = open + 1
    for (; end < text.length && depth > 0; end++) {
      const sign = text.charCodeAt(end)
      if (sign === 40) depth++
      else if (sign === 41) depth--
    }
    if (depth > 0) return null
    found.push({ name, inside: text.slice(open + 1, end - 1).trim() })
    at = end
  }
  return found
}

/** The keyword as spelled in the list; matching ignores case. */
export const oneOf = (words: string): Parse => {
  const known = new Map(words.split(' ').map((word) => [word.toLowerCase(), word]))
  return (text) => known.get(text) ?? known.get(text.trim().toLowerCase()) ?? null
}
