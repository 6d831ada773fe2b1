import { LIMITS, tooComplex } from './limits.ts'
import type { Declaration, Findings, Rule } from './tree.ts'
import { cleanValue, isHarmless, isPlain } from './urls.ts'

/** A string, a comment, an escape, or one character that ends or nests something. Linear: no branch overlaps another. */
const TOKEN = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\/\*[\s\S]*?(?:\*\/|$)|\\[\s\S]|[{}();"']/g
/** What a selector is made of. Nothing here can end a rule or start another in any parser. */
const SELECTOR = /^(?:[\w\s.#:*>+~()[\]="'^$|-]|[^\0-\x7f]|\\[\w.:/-])+$/
/** An escaped slash before a star opens no comment in CSS, but may in an engine that does not know escapes. */
const isSelector = (selector: string) =>
  SELECTOR.test(selector) && !selector.includes('/*') && (isPlain(selector) || isHarmless(selector))
const BEHAVIOURS = /^(?:behavior|-moz-binding|src)$/i

/** Parses a style sheet into the rules that may stay. At-rules go: they import, or the engines skip them. */
export function parseStyleSheet(css: string, findings: Findings): Rule[] {
  if (css.length > LIMITS.cssChars) throw tooComplex(`A style sheet has ${css.length} characters.`)
  const rules: Rule[] = []
  // Ancient wrappers for browsers that did not know <style>.
  for (const { prelude, block } of blocksOf(css.replaceAll(/<!--|-->/g, ' '))) {
    if (prelude.startsWith('@')) {
      const loads = /^@(?:import|namespace)|url\s*\(|src\s*:/i.test(prelude + (block ?? ''))
      if (loads || prelude.includes('\\')) findings.warnings.add('EXTERNAL_REFERENCE')
      continue
    }
    const selectors = prelude.split(',').map((selector) => selector.trim().replaceAll(/\s+/g, ' '))
    if (block === null || !selectors.every(isSelector)) continue
    if (selectors.some((selector) => selector.length > LIMITS.selectorChars))
      throw tooComplex(`A selector has more than ${LIMITS.selectorChars} characters.`)
    const declarations = parseDeclarations(block, findings)
    if (declarations.length > 0) rules.push({ selectors, declarations })
  }
  return rules
}

/** The declarations of a block or a style attribute that may stay, in order. */
export function parseDeclarations(css: string, findings: Findings): Declaration[] {
  const declarations: Declaration[] = []
  for (const part of splitAt(css, ';')) {
    const colon = part.indexOf(':')
    if (colon < 0) continue
    const property = part.slice(0, colon).trim()
    const value = cleanDeclaration(property, part.slice(colon + 1).trim(), findings)
    if (value !== null) declarations.push({ property, value })
  }
  return declarations
}

/** As written in a style attribute or block. Printing what was parsed and parsing it again changes nothing. */
export const printDeclarations = (declarations: readonly Declaration[]): string =>
  declarations.map(({ property, value }) => `${property}:${value}`).join(';')

/** A style sheet of our own hand: no comment, no at-rule, balanced. */
export const printRules = (rules: readonly Rule[]): string =>
  rules
    .filter(({ declarations }) => declarations.length > 0)
    .map(({ selectors, declarations }) => `${selectors.join(',')}{${printDeclarations(declarations)}}`)
    .join('\n')

function cleanDeclaration(property: string, value: string, findings: Findings): string | null {
  // Whatever could end the block in some parser's eyes is not worth its risk.
  const isOpen = /[{};<>@\0]|\/\*/.test(value) || !isBalanced(value)
  if (!/^[\w-]+$/.test(property) || value === '' || (isOpen && !value.includes('url'))) return null
  if (isOpen || BEHAVIOURS.test(property)) {
    findings.warnings.add('EXTERNAL_REFERENCE')
    return null
  }
  return cleanValue(value, findings)
}

/** Quotes and parentheses that close: an open one would swallow what we print after it. */
function isBalanced(value: string): boolean {
  if (!/["'()\\]/.test(value)) return true
  let depth = 0
  for (const [token] of value.matchAll(TOKEN)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (token === '"' || token === "'") return false
    if (depth < 0) return false
  }
  return depth === 0 && !value.endsWith('\\')
}

/** Preludes with their blocks, null for a statement that ends in a semicolon. Nested blocks stay in their outer one. */
function* blocksOf(css: string): Iterable<{ prelude: string; block: string | null }> {
  let prelude = ''
  let block = ''
  let depth = 0
  let from = 0
  const take = (until: number, next: number) => {
    if (depth === 0) prelude += css.slice(from, until)
    else block += css.slice(from, until)
    from = next
  }
  for (const { 0: token, index } of css.matchAll(TOKEN)) {
    const next = index + token.length
    if (token.startsWith('/*')) take(index, next)
    else if (token === '{') {
      if (depth === 0) take(index, next)
      depth++
    } else if ((token === '}' && depth === 1) || (token === ';' && depth === 0)) {
      take(index, next)
      yield { prelude: prelude.trim(), block: depth === 1 ? block : null }
      prelude = block = ''
      depth = 0
    } else if (token === '}' && depth > 1) depth--
  }
  take(css.length, css.length)
  // CSS closes what the end of the file leaves open.
  if (prelude.trim() !== '') yield { prelude: prelude.trim(), block: depth > 0 ? block : null }
}

/** Parts between separators that are not in a string or parentheses; comments are left out. */
function splitAt(css: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  let depth = 0
  let from = 0
  for (const { 0: token, index } of css.matchAll(TOKEN)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    const isComment = token.startsWith('/*')
    if (!isComment && (token !== separator || depth > 0)) continue
    part += css.slice(from, index)
    from = index + token.length
    if (isComment) continue
    parts.push(part)
    part = ''
  }
  parts.push(part + css.slice(from))
  return parts
}
