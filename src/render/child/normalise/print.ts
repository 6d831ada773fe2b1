import { PRINTED } from './names.ts'
import { SVG } from './namespaces.ts'
import { referenceIn } from './references.ts'
import type { Element, Tree } from './tree.ts'
import { walk } from './tree.ts'

/** Used by the normaliser's steps, unknown to the engines. */
const UNPRINTED: ReadonlySet<string> = new Set(['white-space', 'text-transform'])
/** Engines support these in a style attribute only. */
const STYLED: ReadonlySet<string> = new Set(['mix-blend-mode', 'isolation'])

/** A use without a target draws nothing. Its size applies to symbols and svg elements only: librsvg hides all else if it is zero. */
function linkUse(use: Element, { targets }: Tree): void {
  const target = targets.get(referenceIn(use.attributes.get('href') ?? '') ?? '')
  if (!target) use.name = '?'
  if (target?.name === 'symbol' || target?.name === 'svg') return
  use.attributes.delete('width')
  use.attributes.delete('height')
}

/** Gives every referenced element a short id, and removes references to elements that are not printed. */
export function linkIds(tree: Tree): ReadonlyMap<string, string> {
  for (const element of walk(tree.root)) if (element.name === 'use') linkUse(element, tree)
  const printed = new Set(walk(tree.root, isPrinted))
  const referred = new Set<Element>()
  for (const { attributes } of printed) {
    for (const [name, value] of attributes) {
      const id = referenceIn(value)
      // There is no context to take a paint from.
      if (value === 'context-fill' || value === 'context-stroke') attributes.set(name, 'none')
      if (id === null) continue
      const target = tree.targets.get(id)
      if (target && printed.has(target)) referred.add(target)
      else if (name === 'fill' || name === 'stroke') attributes.set(name, value.split(' ')[1] ?? 'none')
      else attributes.delete(name)
    }
  }
  const names = new Map<Element, string>()
  for (const element of printed) if (referred.has(element)) names.set(element, `i${names.size}`)
  const ids = new Map<string, string>()
  for (const [temporary, target] of tree.targets) {
    const name = names.get(target)
    if (name === undefined) continue
    ids.set(temporary, name)
    target.attributes.set('id', name)
  }
  return ids
}

/** Also false for descendants of an element that is not printed. */
const isPrinted = (element: Element): boolean =>
  PRINTED.has(element.name) && !(NOT_WHERE_HIDDEN.has(element.name) && isHidden(element))

/** Browsers ignore references to these if they are not displayed; symbols and shapes can still be used. */
const NOT_WHERE_HIDDEN: ReadonlySet<string> = new Set(
  'linearGradient radialGradient pattern clipPath mask filter'.split(' '),
)

const isHidden = (element: Element): boolean => {
  for (let at: Element | null = element; at; at = at.parent) if (at.attributes.get('display') === 'none') return true
  return false
}

/** Serialises the document in a canonical form: one namespace, no declarations, comments or entities other than for escaping. */
export function printRoot(attributes: Iterable<readonly [string, string]>, body: string): string {
  return `<svg xmlns="${SVG}"${printAttributes(attributes)}${body}`
}

function printElement(element: Element, ids: ReadonlyMap<string, string>): string {
  return `<${element.name}${printAttributes(element.attributes, ids)}${printBody(element, ids)}`
}

function printAttributes(attributes: Iterable<readonly [string, string]>, ids?: ReadonlyMap<string, string>): string {
  let text = ''
  let late: Map<string, string> | null = null
  for (const [name, value] of attributes) {
    if (UNPRINTED.has(name)) continue
    if (LATE.has(name)) {
      late ??= new Map()
      late.set(name, value)
    } else if (STYLED.has(name)) {
      late ??= new Map()
      late.set('style', [late.get('style'), `${name}:${value}`].filter(Boolean).sort().join(';'))
    } else text += printOne(name, value, ids)
  }
  if (late) for (const name of LATE) if (late.has(name)) text += printOne(name, late.get(name) as string, ids)
  return text
}

/** Printed last: steps set these in varying orders, and printing must be idempotent. */
const LATE: ReadonlySet<string> = new Set(['style', 'clip-path', 'mask', 'filter', 'transform', 'href', 'id'])

/** Replaces the temporary id in a final value by the printed one. */
export function linkValue(value: string, ids: ReadonlyMap<string, string>): string {
  const id = value[0] === 'u' || value[0] === '#' ? referenceIn(value) : null
  if (id === null) return value
  return value[0] === '#' ? `#${ids.get(id)}` : `url(#${ids.get(id)})${value.slice(value.indexOf(')') + 1)}`
}

function printOne(name: string, value: string, ids?: ReadonlyMap<string, string>): string {
  const final = ids ? linkValue(value, ids) : value
  return ` ${name}="${escapeAttribute(final)}"`
}

/** Everything after an element's attributes, up to its end tag. */
export function printBody({ name, children }: Element, ids: ReadonlyMap<string, string>): string {
  let text = ''
  for (const child of children) {
    if (typeof child === 'string') text += escapeText(child)
    else if (isPrinted(child)) text += printElement(child, ids)
  }
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
