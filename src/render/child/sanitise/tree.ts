import type { Feature, Warning } from './names.ts'

/** An element that stays. */
export interface Element {
  readonly name: string
  /** Cleaned, without prefixes other than `xml:`; `xlink:href` has become `href`. */
  readonly attributes: Map<string, string>
  readonly children: (Element | string)[]
  /** Of a `<style>`: its text, parsed. */
  rules?: Rule[]
  /** Pixels of an embedded picture. */
  pixels?: number
}

export interface Declaration {
  readonly property: string
  readonly value: string
}

/** A rule of a style sheet; at-rules never stay. */
export interface Rule {
  readonly selectors: readonly string[]
  declarations: readonly Declaration[]
}

/** What the steps find on their way. */
export interface Findings {
  readonly warnings: Set<Warning>
  readonly features: Set<Feature>
}

/** A document between reading and writing. */
export interface Tree extends Findings {
  readonly root: Element
  readonly elements: number
  readonly ids: ReadonlyMap<string, Element>
  readonly styles: readonly Element[]
  /** True when any element or rule refers to another or takes a canvas: only then is there a graph to look at. */
  readonly hasGraph: boolean
  readonly hasDashes: boolean
}

/** Child elements without the text between them. */
export function* elementsOf(parent: Element): Iterable<Element> {
  for (const child of parent.children) if (typeof child !== 'string') yield child
}

/** A presentation property as the engines see it: the style attribute wins over the attribute. */
export function propertyOf(element: Element, property: string): string | undefined {
  const style = element.attributes.get('style')
  if (style?.includes(property)) {
    const found = new RegExp(`(?:^|;)\\s*${property}\\s*:([^;]*)`, 'i').exec(style)?.[1]
    if (found !== undefined) return found.trim()
  }
  return element.attributes.get(property)
}
