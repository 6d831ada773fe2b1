import type { Element, Tree } from './tree.ts'
import type { Context } from './values.ts'

/** `url(...)` at the start of a value. */
export interface Url {
  /** The address within the parentheses, without quotes and escapes. */
  readonly address: string
  /** The text after it. */
  readonly rest: string
}

/** Reads a `url()`, quoted or not; null if the value starts with something else. One pass. */
export function readUrl(text: string): Url | null {
  const from = text.length - text.trimStart().length
  if (text.slice(from, from + 4).toLowerCase() !== 'url(') return null
  let at = from + 4
  while (text.charCodeAt(at) <= 32) at++
  const quote = text[at] === '"' || text[at] === "'" ? text[at] : null
  if (quote !== null) at++
  let address = ''
  for (; at < text.length; at++) {
    const sign = text[at] as string
    if (sign === (quote ?? ')')) break
    if (sign !== '\\') {
      address += sign
      continue
    }
    const escaped = /^\\([\da-f]{1,6})\s?/i.exec(text.slice(at, at + 9))
    const point = escaped ? Number.parseInt(escaped[1] as string, 16) : 0
    address += escaped
      ? point > 0 && point <= 0x10ffff
        ? String.fromCodePoint(point)
        : '\ufffd'
      : (text[at + 1] ?? '')
    at += escaped ? escaped[0].length - 1 : 1
  }
  // An unquoted URL must not contain spaces, quotes or parentheses.
  if (quote === null && /[\s"'(]/.test(address.trim())) return null
  const close = quote === null ? at : text.indexOf(')', at)
  return { address: address.trim(), rest: close < 0 ? '' : text.slice(close + 1).trim() }
}

/**
 * Looks up referenced elements and gives them temporary ids in `tree.targets`: no id of the author is printed. References outside of the
 * document resolve to null.
 */
export function openReferences(tree: Pick<Tree, 'ids' | 'targets' | 'warnings'>): Context['refer'] {
  const temporaries = new Map<Element, string>()
  return (address, names) => {
    if (!address.startsWith('#')) {
      if (address !== '') tree.warnings.add('EXTERNAL_REFERENCE')
      return null
    }
    const id = address.slice(1)
    const target = tree.ids.get(id) ?? tree.ids.get(decodeId(id))
    if (target && isPaint(names) && isEmptyGradient(target)) return 'none'
    if (!target || !names.has(target.name)) {
      if (id !== '') tree.warnings.add('DEAD_REFERENCE')
      return null
    }
    const temporary = temporaries.get(target) ?? `t${temporaries.size}`
    temporaries.set(target, temporary)
    tree.targets.set(temporary, target)
    return `url(#${temporary})`
  }
}

/** Looks for its own colours, or those of a gradient that it inherits from. */
const isPaint = (names: ReadonlySet<string>): boolean => names.has('pattern') && names.has('linearGradient')

/** A gradient without colour stops is treated as missing. */
const isEmptyGradient = ({ name, given, children }: Element): boolean =>
  name.endsWith('Gradient') &&
  given.href === undefined &&
  !children.some((child) => typeof child === 'object' && child.name === 'stop')

/** `a%20b` is `a b`. */
function decodeId(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

/** The temporary id that a final value refers to, `url(#t1)` or `#t1`; null for any other value. */
export const referenceIn = (value: string): string | null =>
  value.startsWith('url(#') ? value.slice(5, value.indexOf(')')) : value.startsWith('#t') ? value.slice(1) : null

/** The element that a final value refers to, or an attribute that an element lacks; undefined for any other value. */
export const targetOf = ({ targets }: Pick<Tree, 'targets'>, value: string | undefined): Element | undefined =>
  targets.get(referenceIn(value ?? '') ?? '')
