import { printRules } from './css.ts'
import { SVG } from './namespaces.ts'
import type { Element } from './tree.ts'

/** The document in our own hand: one namespace, no declaration, no comment, no entity beyond what escaping takes. */
export function printRoot(attributes: Readonly<Record<string, string>>, body: string): string {
  return `<svg xmlns="${SVG}"${printAttributes(Object.entries(attributes))}${body}`
}

function print(element: Element): string {
  if (element.rules && printRules(element.rules) === '') return ''
  return `<${element.name}${printAttributes(element.attributes)}${printBody(element)}`
}

function printAttributes(attributes: Iterable<readonly [string, string]>): string {
  let text = ''
  for (const [name, value] of attributes) text += ` ${name}="${escapeAttribute(value)}"`
  return text
}

/** What follows the attributes of an element, up to its end. */
export function printBody({ name, children, rules }: Element): string {
  if (rules) return `>${escapeText(printRules(rules))}</style>`
  let text = ''
  for (const child of children) text += typeof child === 'string' ? escapeText(child) : print(child)
  return text === '' ? '/>' : `>${text}</${name}>`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}
const escapeOne = (character: string) => ESCAPES[character] ?? character

const escapeAttribute = (value: string): string =>
  /[&<"\t\n\r]/.test(value) ? value.replaceAll(/[&<"\t\n\r]/g, escapeOne) : value
const escapeText = (text: string): string => (/[&<>\r]/.test(text) ? text.replaceAll(/[&<>\r]/g, escapeOne) : text)
