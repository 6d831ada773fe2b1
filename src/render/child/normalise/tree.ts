import type { Feature, Warning } from './names.ts'
import type { Context } from './values.ts'

/** An element of the document on its way from what was written to what is printed. */
export interface Element {
  /** The local name in the SVG namespace; `html:div` for XHTML in a foreignObject; foreign elements are `?`. */
  name: string
  /** As written, names without prefixes: what selectors match and what is resolved. Dropped from the print. */
  given: Readonly<Record<string, string>>
  /** What is printed: final values only. Empty until the element is resolved. */
  readonly attributes: Map<string, string>
  children: (Element | string)[]
  parent: Element | null
  /** Computed values that no engine reads: what later steps turn into elements and matrices. */
  extra?: Map<string, string>
  /** What lengths in `extra` are of. */
  context?: Context
  /** Pixels of an embedded picture. */
  pixels?: number
}

/** What the steps find on their way. */
export interface Findings {
  readonly warnings: Set<Warning>
  readonly features: Set<Feature>
}

/** An embedded font face whose bytes are in the document. */
export interface FontFace {
  readonly family: string
  readonly weight: string
  readonly style: string
  readonly src: Buffer
}

export interface Tree extends Findings {
  readonly root: Element
  /** The first element of each id, by the id as written. */
  readonly ids: Map<string, Element>
  /** Texts of the style elements that apply to a screen, in order. */
  readonly sheets: readonly string[]
  /** Elements that have an embedded picture. */
  readonly images: Element[]
  readonly fontFaces: FontFace[]
  /** `animate` and its like, in order. */
  readonly animations: readonly Element[]
  readonly has: Presence
  /** What a temporary id in the final values refers to. */
  readonly targets: Map<string, Element>
  /**
   * A document in the place of an embedded picture, settled like this one; null where documents are nested too deep. The caller puts it
   * into the picture's place. Throws what `normalise` throws.
   */
  nest(bytes: Uint8Array, image: Element): Promise<Element | null>
  /** How many pictures it is in: an SVG may embed an SVG. */
  depth: number
  elements: number
  /** Of the root, in CSS px; settled by the step `size`. */
  width: number
  height: number
}

/** What the reader saw: steps that have nothing to do are skipped. */
export interface Presence {
  style: boolean
  marker: boolean
  pathLength: boolean
  foreign: boolean
  symbol: boolean
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})

/** A new element with final values. */
export function create(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  children: (Element | string)[] = [],
): Element {
  const entries = Object.entries(attributes).map(([key, value]) => [key, String(value)] as const)
  const element: Element = { name, given: NOTHING, attributes: new Map(entries), children, parent: null }
  for (const child of children) if (typeof child !== 'string') child.parent = element
  return element
}

/** Child elements without the text between them. */
export function* elementsOf(parent: Element): Iterable<Element> {
  for (const child of parent.children) if (typeof child !== 'string') yield child
}

/** All elements below and including one, in document order, without recursion; not those `enters` is false for, nor what they hold. */
export function* walk(from: Element, enters: (element: Element) => boolean = () => true): Iterable<Element> {
  const stack = [from]
  for (let element = stack.pop(); element; element = stack.pop()) {
    if (!enters(element)) continue
    yield element
    for (let index = element.children.length - 1; index >= 0; index--) {
      const child = element.children[index]
      if (typeof child === 'object') stack.push(child)
    }
  }
}

/** Takes an element out of its parent. Costs its siblings: not for many of one parent. */
export function remove(element: Element): void {
  const siblings = element.parent?.children
  const at = siblings?.indexOf(element) ?? -1
  if (at >= 0) siblings?.splice(at, 1)
  element.parent = null
}

/** Puts another element in the place of one. */
export function replace(element: Element, by: Element): void {
  const { parent } = element
  const at = parent?.children.indexOf(element) ?? -1
  if (parent && at >= 0) parent.children[at] = by
  by.parent = parent
  element.parent = null
}

/** Puts a new element between one and its parent. */
export function wrap(element: Element, by: Element): void {
  replace(element, by)
  append(by, element)
}

export function append(parent: Element, child: Element): void {
  parent.children.push(child)
  child.parent = parent
}

/** The final value of an inherited property at an element. */
export function inherited(from: Element, property: string): string | undefined {
  for (let element: Element | null = from; element; element = element.parent) {
    const value = element.attributes.get(property)
    if (value !== undefined) return value
  }
  return undefined
}

/** All letters below an element. */
export function textOf(element: Element): string {
  let text = ''
  for (const child of element.children) text += typeof child === 'string' ? child : textOf(child)
  return text
}
