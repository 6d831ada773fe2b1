import { LIMITS, tooComplex } from './limits.ts'
import type { Findings } from './tree.ts'

const PREDEFINED: ReadonlySet<string> = new Set(['lt', 'gt', 'amp', 'quot', 'apos'])

/**
 * The document with the entities of its internal subset expanded, markup included, and without the document type declaration: Illustrator
 * declares its namespaces and styles this way. Entities may refer to others; their total expanded size is checked before they are
 * expanded. External entities are replaced by nothing, with a warning. Throws TOO_COMPLEX.
 */
export function expandEntities(text: string, findings: Findings): string {
  const from = findDoctype(text)
  if (from < 0) return text
  const { declared, end } = readDoctype(text, from)
  if (end < 0 || declared.size === 0) return text
  return text.slice(0, from) + writeOut(text, { from: end, declared, findings })
}

/**
 * The index of the document type declaration: before the first element, after comments and processing instructions. -1 if there is none.
 */
function findDoctype(text: string): number {
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    if (text.startsWith('<!DOCTYPE', at)) return at
    const end = text.startsWith('<!--', at) ? '-->' : text.startsWith('<?', at) ? '?>' : null
    const close = end === null ? -1 : text.indexOf(end, at)
    if (close < 0) return -1
    at = close + 2
  }
  return -1
}

/** Entities by name, null for external ones; `end` is the index after the declaration, -1 if it is not well-formed. */
function readDoctype(text: string, from: number): { declared: Map<string, string | null>; end: number } {
  const declared = new Map<string, string | null>()
  let at = from + 9
  let isInside = false
  while (at < text.length) {
    if (at - from > LIMITS.doctypeChars)
      throw tooComplex(`The document type declaration has more than ${LIMITS.doctypeChars} characters.`)
    const character = text[at]
    if (character === '>' && !isInside) return { declared, end: at + 1 }
    if (character === '[') isInside = true
    else if (character === ']') isInside = false
    if (character === '"' || character === "'") at = after(text, character, at + 1)
    else if (text.startsWith('<!--', at)) at = after(text, '-->', at + 4)
    else if (character === '<') at = readDeclaration(text, at, declared)
    else at++
  }
  return { declared, end: -1 }
}

const after = (text: string, what: string, from: number): number => {
  const found = text.indexOf(what, from)
  return found < 0 ? text.length : found + what.length
}

const ENTITY = /<!ENTITY\s+(%\s+)?([^\s"'<>%&;]{1,200})\s+(SYSTEM\s|PUBLIC\s|(?=["']))/y

/** Reads one `<!...>` and returns its end; delimiters within quotes do not count. */
function readDeclaration(text: string, from: number, declared: Map<string, string | null>): number {
  ENTITY.lastIndex = from
  const [head, parameter, name, external] = ENTITY.exec(text) ?? []
  let value: string | null = null
  let at = from + (head?.length ?? 2)
  const isInternal = external === ''
  for (; at < text.length && text[at] !== '>'; at++) {
    const quote = text[at]
    if (quote !== '"' && quote !== "'") continue
    const end = after(text, quote, at + 1)
    if (isInternal && value === null) value = text.slice(at + 1, end - 1)
    at = end - 1
  }
  // In XML the first declaration of a name is binding, and the five predefined entities cannot be redefined.
  if (name !== undefined && !parameter && !PREDEFINED.has(name) && !declared.has(name)) {
    if (declared.size >= LIMITS.entities)
      throw tooComplex(`The document declares more than ${LIMITS.entities} entities.`)
    declared.set(name, isInternal ? decodeReferences(value ?? '') : null)
  }
  return at + 1
}

/** Character references in an entity's value are expanded where it is declared, all others where it is used. */
const decodeReferences = (value: string): string =>
  value.replaceAll(/&#(x[\da-f]{1,6}|\d{1,7});/gi, (_, code: string) => {
    const point = /^x/i.test(code) ? Number.parseInt(code.slice(1), 16) : Number(code)
    const isText = point === 9 || point === 10 || point === 13 || (point >= 0x20 && point <= 0x10ffff)
    return isText && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : '\ufffd'
  })

interface Expansion {
  readonly from: number
  readonly declared: ReadonlyMap<string, string | null>
  readonly findings: Findings
}

const REFERENCE = /&([^\s&;#<>"']{1,200});/g
const REFERENCE_HERE = new RegExp(REFERENCE.source, 'y')

function writeOut(text: string, { from, declared, findings }: Expansion): string {
  const whole = new Map<string, string>()
  const open = new Set<string>()
  let added = 0
  const spend = (length: number) => {
    added += length
    if (added > LIMITS.expandedChars)
      throw tooComplex(`Entities expand to more than ${LIMITS.expandedChars} characters.`)
  }

  /** The full expansion of an entity; undefined if it is not declared here. */
  function expand(name: string): string | undefined {
    const literal = declared.get(name)
    if (literal === undefined) return undefined
    if (literal === null) {
      findings.warnings.add('EXTERNAL_REFERENCE')
      return ''
    }
    const known = whole.get(name)
    if (known !== undefined) return known
    if (open.has(name) || open.size > LIMITS.entityDepth)
      throw tooComplex(`The entity ${name.slice(0, 40)} refers to itself or is nested too deep.`)
    open.add(name)
    const text = literal.replaceAll(REFERENCE, (written, inner: string) => {
      const found = expand(inner)
      if (found !== undefined) spend(found.length)
      return found ?? written
    })
    open.delete(name)
    whole.set(name, text)
    return text
  }

  return rewriteReferences(text, from, (name, isQuoted) => {
    const found = expand(name)
    if (found !== undefined) spend(found.length)
    // In an attribute the replacement text is literal: quotes in it do not end the value.
    return isQuoted ? found?.replaceAll(/[<"']/g, (sign) => `&#${sign.charCodeAt(0)};`) : found
  })
}

const SIGN = /[<>"'&]/g

/** One pass over the document that distinguishes tags, quotes, comments and CDATA. */
function rewriteReferences(
  text: string,
  from: number,
  valueFor: (name: string, isQuoted: boolean) => string | undefined,
): string {
  let out = ''
  let copied = from
  let isTag = false
  let quote: string | null = null
  SIGN.lastIndex = from
  for (let found = SIGN.exec(text); found; found = SIGN.exec(text)) {
    const [sign] = found
    const at = found.index
    if (sign === '&') {
      REFERENCE_HERE.lastIndex = at
      const reference = REFERENCE_HERE.exec(text)
      const value = reference ? valueFor(reference[1] as string, quote !== null) : undefined
      if (value === undefined || !reference) continue
      out += text.slice(copied, at) + value
      copied = at + reference[0].length
      SIGN.lastIndex = copied
    } else if (quote !== null) {
      if (sign === quote) quote = null
    } else if (isTag) {
      if (sign === '>') isTag = false
      else if (sign !== '<') quote = sign
    } else if (sign === '<') {
      const end = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : null
      if (end === null) isTag = true
      else SIGN.lastIndex = after(text, end, at + 4)
    }
  }
  return out + text.slice(copied)
}
