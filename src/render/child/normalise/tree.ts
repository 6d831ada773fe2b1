import type { Engine } from '../../messages.ts'
import type { Feature, Warning } from './names.ts'
import type { Context } from './values.ts'

/** An element of the document, from source to print. */
export interface Element {
  /** The local name in the SVG namespace; `html:div` for XHTML in a foreignObject; `?` for foreign elements. */
  name: string
  /** Attributes as written, names without prefixes: matched by selectors and resolved, not printed. */
  given: Readonly<Record<string, string>>
  /** Attributes to print: final values only. Empty until the element is resolved. */
  readonly attributes: Map<string, string>
  children: (Element | string)[]
  parent: Element | null
  /** Computed values that engines do not support: later steps convert them to elements and matrices. */
  extra?: Map<string, string>
  /** What lengths in `extra` are relative to. */
  context?: Context
  /** For HTML and the root: all declarations, as written. */
  style?: ReadonlyMap<string, string>
  /** Pixels of an embedded picture. */
  pixels?: number
}

/** Estimated CPU time in ms that each engine needs to draw something at 512 px. */
export type Work = Readonly<Record<Engine, number>>

/** What the steps report about the document. */
export interface Findings {
  readonly warnings: Set<Warning>
  readonly features: Set<Feature>
  /** Characters that were read to quote errors of style sheets. */
  errorChars?: number
}

/** A font face whose bytes are embedded in the document. */
export interface FontFace {
  readonly family: string
  readonly weight: string
  readonly style: string
  readonly src: Buffer
}

export interface Tree extends Findings {
  readonly root: Element
  /** The first element with each id, by the id as written. */
  readonly ids: Map<string, Element>
  /** Texts of the style elements that apply to screens, in order. */
  readonly sheets: readonly string[]
  /** Elements that embed a picture. */
  readonly images: Element[]
  readonly fontFaces: FontFace[]
  /** `animate` and other animation elements, in order. */
  readonly animations: readonly Element[]
  readonly has: Presence
  /** Elements by the temporary ids that final values refer to. */
  readonly targets: Map<string, Element>
  /**
   * Normalises an embedded SVG; null if documents are nested too deep. The caller puts it in the picture's place. Throws what `normalise`
   * throws.
   */
  nest(bytes: Uint8Array, image: Element): Promise<Element | null>
  /** Nesting depth: an SVG may embed an SVG. */
  depth: number
  elements: number
  /** Of the root, in CSS px; set by the step `size`. */
  width: number
  height: number
  /** What drawing it takes; set by the last step. */
  work: Work
}

/** What the reader has seen, so that unneeded steps are skipped. */
export interface Presence {
  style: boolean
  marker: boolean
  pathLength: boolean
  foreign: boolean
  /** A symbol or a nested svg. */
  symbol: boolean
  /** `context-fill` or `context-stroke`. */
  contextPaint: boolean
  filter: boolean
  /** A gradient that engines draw differently: a radial one without extent, or any in linear RGB. */
  oddGradient: boolean
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})

/** Creates an element with final values. */
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

/** Child elements without text nodes. */
export function* elementsOf(parent: Element): Iterable<Element> {
  for (const child of parent.children) if (typeof child !== 'string') yield child
}

/**
 * An element and all its descendants in document order, without recursion. Skips elements for which `enters` is false, with their
 * descendants.
 */
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

/** Removes an element from its parent. Linear in the number of siblings: do not use it for many children of one parent. */
export function remove(element: Element): void {
  const siblings = element.parent?.children
  const at = siblings?.indexOf(element) ?? -1
  if (at >= 0) siblings?.splice(at, 1)
  element.parent = null
}

/** Replaces an element by another one. */
export function replace(element: Element, by: Element): void {
  const { parent } = element
  const at = parent?.children.indexOf(element) ?? -1
  if (parent && at >= 0) parent.children[at] = by
  by.parent = parent
  element.parent = null
}

/** Inserts a new element between an element and its parent. */
export function wrap(element: Element, by: Element): void {
  replace(element, by)
  append(by, element)
}

export function append(parent: Element, child: Element): void {
  parent.children.push(child)
  child.parent = parent
}

/** The final value of an inherited property of an element. */
export function inherited(from: Element, property: string): string | undefined {
  for (let element: Element | null = from; element; element = element.parent) {
    const value = element.attributes.get(property)
    if (value !== undefined) return value
  }
  return undefined
}

/** All text below an element. */
export function textOf(element: Element): string {
  let text = ''
  for (const child of element.children) text += typeof child === 'string' ? child : textOf(child)
  return text
}
