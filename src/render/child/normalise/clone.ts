import { LIMITS, tooComplex } from './limits.ts'
import type { Element, Tree } from './tree.ts'

/** How a copy differs from the original. */
export interface CloneOptions {
  readonly change?: (value: string) => string
  /** Called with each element and its copy. */
  readonly onCopy?: (from: Element, to: Element) => void
}

/** A copy of resolved elements, counted towards the document's limit. Throws TOO_COMPLEX. */
export function cloneOf(element: Element, tree: Pick<Tree, 'elements'>, options: CloneOptions = {}): Element {
  if (++tree.elements > LIMITS.elements)
    throw tooComplex(`Including copies for its use elements, the document has more than ${LIMITS.elements} elements.`)
  const { change = (value) => value, onCopy } = options
  const attributes = new Map([...element.attributes].map(([name, value]) => [name, change(value)]))
  const copy: Element = { ...element, attributes, children: [], parent: null }
  if (element.extra) copy.extra = new Map(element.extra)
  onCopy?.(element, copy)
  for (const child of element.children) {
    const inner = typeof child === 'string' ? child : cloneOf(child, tree, options)
    copy.children.push(inner)
    if (typeof inner !== 'string') inner.parent = copy
  }
  return copy
}
