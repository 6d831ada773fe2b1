import type { SaxesParser } from 'saxes'
import { AppError } from '../../../core/errors.ts'
import { LIMITS, tooComplex } from './limits.ts'
import type { Findings } from './tree.ts'

const SKIP = /\s+|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|%[\w.:-]+;/y
const ENTITY =
  /<!ENTITY\s+(%\s+)?([^\s"'<>%&;]+)\s+(?:"([^"]*)"|'([^']*)'|(SYSTEM|PUBLIC)\s(?:"[^"]*"|'[^']*'|[^"'>])*)\s*>/y
const OTHER = /<!(?:ELEMENT|ATTLIST|NOTATION)(?:"[^"]*"|'[^']*'|[^"'>])*>/y
const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/**
 * Declares the internal subset's entities to the parser: Illustrator names its namespaces so. They hold plain text, do
 * not nest, and what they add to the document is counted at each use. An external one is read as nothing, with a
 * warning. Throws TOO_COMPLEX beyond the limits; UNSUPPORTED where one holds markup and is used.
 */
export function declareEntities(doctype: string, parser: SaxesParser, findings: Findings): void {
  if (doctype.length > LIMITS.doctypeChars)
    throw tooComplex(`The document type declaration has ${doctype.length} characters.`)
  const budget = { left: LIMITS.expandedChars }
  let count = 0
  for (const [name, value] of readEntities(doctype)) {
    if (++count > LIMITS.entities) throw tooComplex(`The document declares more than ${LIMITS.entities} entities.`)
    if (value !== null && value.length > LIMITS.entityChars)
      throw tooComplex(`The entity ${name.slice(0, 40)} has more than ${LIMITS.entityChars} characters.`)
    // XML: the first declaration binds, and the five predefined ones mean what they mean.
    if (Object.hasOwn(parser.ENTITIES, name) || name in PREDEFINED) continue
    const text = value === null ? null : expand(name, value)
    Object.defineProperty(parser.ENTITIES, name, { get: () => use(name, text) })
  }

  function use(name: string, text: string | null): string {
    if (text === null) {
      findings.warnings.add('EXTERNAL_REFERENCE')
      return ''
    }
    if (text.includes('\0'))
      throw new AppError('UNSUPPORTED', `The entity ${name.slice(0, 40)} holds markup; write it out in place.`)
    budget.left -= text.length
    if (budget.left < 0) throw tooComplex(`Entities expand to more than ${LIMITS.expandedChars} characters.`)
    return text
  }
}

/** Names with their literal values, null for external ones. Stops where the subset is not well-formed. */
function* readEntities(doctype: string): Iterable<[string, string | null]> {
  const open = doctype.indexOf('[')
  if (open < 0) return
  const take = (pattern: RegExp, from: number) => {
    pattern.lastIndex = from
    return pattern.exec(doctype)
  }
  for (let at = open + 1; at < doctype.length; ) {
    const entity = take(ENTITY, at)
    if (entity) {
      const [, parameter, name = '', double, single] = entity
      if (!parameter) yield [name, double ?? single ?? null]
    }
    const found = entity ?? take(SKIP, at) ?? take(OTHER, at)
    if (!found) return
    at += found[0].length
  }
}

/** An entity's text with its character references decoded; NUL stands for markup, which only matters if it is used. */
function expand(name: string, value: string): string {
  const literal = value.replaceAll(/&#(x[\da-f]{1,6}|\d{1,7});/gi, (_, code: string) => characterOf(code))
  if (literal.includes('<')) return '\0'
  return literal.replaceAll(/&(#?)([^;&]*);?/g, (_, hash: string, inner: string) => {
    if (hash) return characterOf(inner)
    const character = PREDEFINED[inner]
    if (character === undefined) throw tooComplex(`The entity ${name.slice(0, 40)} refers to another one.`)
    return character
  })
}

function characterOf(code: string): string {
  const point = /^x/i.test(code) ? Number.parseInt(code.slice(1), 16) : Number(code)
  const isCharacter =
    point === 9 ||
    point === 10 ||
    point === 13 ||
    (point >= 0x20 && point <= 0xd7ff) ||
    (point >= 0xe000 && point <= 0xfffd)
  return isCharacter || (point >= 0x10000 && point <= 0x10ffff) ? String.fromCodePoint(point) : '\ufffd'
}
