import { type Declaration, declare, stripComments } from './declarations.ts'
import { LIMITS } from './limits.ts'
import { isImportant, parseCss } from './parse-css.ts'
import type { Findings } from './tree.ts'

/** Needs a real parser: strings, comments, escapes, blocks. Functions do not. */
const TRICKY = /["'\\{}[\]<]|\/\*/

/** The declarations of a style attribute. Nearly all are names, colons and plain values: those are split by hand, which is faster. */
export function parseStyle(style: string, findings: Findings): Declaration[] {
  const found: Declaration[] = []
  if (style.length > LIMITS.cssChars) return found
  if (TRICKY.test(style)) {
    const list = parseCss(style, findings, { context: 'declarationList' })
    if (list.type !== 'DeclarationList') return found
    for (const node of list.children)
      if (node.type === 'Declaration' && node.value.type === 'Raw')
        found.push(
          ...declare(node.property, stripComments(node.value.value).trim(), {
            isImportant: isImportant(node),
            findings,
          }),
        )
    return found
  }
  for (const part of splitDeclarations(style)) {
    const colon = part.indexOf(':')
    if (colon > 0) add(part.slice(0, colon).trim(), part.slice(colon + 1).trim())
  }
  return found

  function add(name: string, text: string): void {
    const bang = text.lastIndexOf('!')
    const isImportant =
      bang >= 0 &&
      text
        .slice(bang + 1)
        .trim()
        .toLowerCase() === 'important'
    if (bang >= 0 && !isImportant) return
    const value = isImportant ? text.slice(0, bang).trim() : text
    if (value !== '' && /^[\w-]+$/.test(name)) found.push(...declare(name, value, { isImportant, findings }))
  }
}

/** Splits at semicolons outside of parentheses. One pass. */
export function splitDeclarations(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 40) depth++
    else if (code === 41 && depth > 0) depth--
    else if (code === 59 && depth === 0) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}
