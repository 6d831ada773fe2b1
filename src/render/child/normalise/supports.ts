import { PROPERTIES } from './properties.ts'
import { split } from './values.ts'

/** Evaluates `(fill: red) and (not (display: grid))`. A property that we know needs a valid value; any other one counts as supported. */
export function supports(condition: string): boolean {
  const words = split(condition.trim(), ' ')
  if (words[0]?.toLowerCase() === 'not') return !supports(words.slice(1).join(' '))
  const parts = words.filter((word) => !/^(?:and|or)$/i.test(word))
  const test = (part: string): boolean => {
    if (/^selector\(/i.test(part)) return true
    if (!part.startsWith('(') || !part.endsWith(')')) return false
    const inside = part.slice(1, -1).trim()
    if (inside.startsWith('(') || /^not\s/i.test(inside)) return supports(inside)
    const colon = inside.indexOf(':')
    const name = inside.slice(0, colon).trim().toLowerCase()
    const known = Object.hasOwn(PROPERTIES, name) ? PROPERTIES[name] : undefined
    return colon > 0 && (known ? known.parse(inside.slice(colon + 1).trim()) !== null : /^(?:--|[a-z])/.test(name))
  }
  return words.some((word) => word.toLowerCase() === 'or') ? parts.some(test) : parts.every(test)
}
