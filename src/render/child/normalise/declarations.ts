import { LIMITS } from './limits.ts'
import { PROPERTIES } from './properties.ts'
import { expand } from './shorthands.ts'
import type { Findings } from './tree.ts'
import type { Value } from './values.ts'

/** A longhand property and its value. */
export interface Declaration {
  readonly property: string
  readonly isImportant: boolean
  /** The parsed value; a CSS-wide keyword; or text with var() in it, which is parsed when it is resolved for an element. */
  readonly value: Value | null
  readonly wide: 'inherit' | 'initial' | 'unset' | null
  readonly text: string
}

const WIDE: Readonly<Record<string, Declaration['wide']>> = {
  inherit: 'inherit',
  initial: 'initial',
  unset: 'unset',
  revert: 'unset',
  'revert-layer': 'unset',
}

/** The longhands of a declaration that are kept: known properties with valid values, and custom properties. */
export function declare(
  name: string,
  text: string,
  { isImportant, findings }: { isImportant: boolean; findings: Findings },
): Declaration[] {
  if (name.startsWith('--'))
    return text.length > LIMITS.variableChars
      ? []
      : [{ property: name, isImportant, value: null, wide: wideOf(text), text }]
  const given = name.toLowerCase()
  if (VARIABLE.test(text)) {
    if (text.length > LIMITS.variableChars) return []
    return [{ property: given, isImportant, value: null, wide: null, text }]
  }
  const found: Declaration[] = []
  for (const [property, longhand] of expand(given, text)) {
    const wide = wideOf(longhand)
    const known = Object.hasOwn(PROPERTIES, property) ? PROPERTIES[property] : undefined
    if (known === undefined) {
      if (OF_BOXES.has(property)) found.push({ property, isImportant, value: null, wide, text: longhand })
      continue
    }
    const value = wide === null ? known.parse(longhand) : null
    if (value !== null || wide !== null) found.push({ property, isImportant, value, wide, text: longhand })
    else if (COLOURS.test(property)) findings.warnings.add('UNKNOWN_COLOR')
  }
  return found
}

/** Removes comments from a value. One pass. */
export function stripComments(text: string): string {
  if (!text.includes('/*')) return text
  let out = ''
  let from = 0
  for (let at = text.indexOf('/*'); at >= 0; at = text.indexOf('/*', from)) {
    out += `${text.slice(from, at)} `
    const end = text.indexOf('*/', at + 2)
    if (end < 0) return out
    from = end + 2
  }
  return out + text.slice(from)
}

/** Properties that only HTML boxes have, kept as written. */
const OF_BOXES: ReadonlySet<string> = new Set(
  (
    'padding padding-top padding-right padding-bottom padding-left margin margin-top margin-right margin-bottom margin-left ' +
    'border border-top border-right border-bottom border-left border-width border-style border-color box-sizing ' +
    'min-width max-width min-height max-height position top right bottom left inset text-align line-height vertical-align ' +
    'list-style list-style-type flex flex-grow flex-direction gap row-gap column-gap align-items align-self justify-content ' +
    'place-items grid-template-columns border-collapse border-spacing backdrop-filter'
  ).split(' '),
)

const VARIABLE = /\bvar\(/i
export const COLOURS = /^(?:fill|stroke|color|(?:stop|flood|lighting)-color)$/

const wideOf = (text: string): Declaration['wide'] => {
  if (text.length > 14) return null
  const word = text.toLowerCase().trim()
  return Object.hasOwn(WIDE, word) ? (WIDE[word] ?? null) : null
}
