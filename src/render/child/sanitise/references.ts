import { parseDeclarations, printDeclarations } from './css.ts'
import { type Declaration, type Element, propertyOf, type Rule, type Tree } from './tree.ts'
import { idsIn } from './urls.ts'

/** One place that refers to an element. */
export interface Reference {
  readonly id: string
  /** `href`, or the property that has the `url(#id)`. */
  readonly property: string
  /** Takes the reference out of the document, for good. */
  cut(): void
}

export interface References {
  /** What an element refers to: by its attributes, its style, and any rule that may match it. `href` comes first. */
  of(element: Element): readonly Reference[]
  /** True when an attribute, the style or a rule that may match gives the element a canvas of its own in this way. */
  isLayered(element: Element, property: Layering): boolean
}

export type Layering = 'filter' | 'mask' | 'clip-path' | 'opacity'

interface RuleReference extends Reference {
  isCut: boolean
}

/**
 * All references of a document. A rule's count for every element that has the id, class or name at the end of one of
 * its selectors, which is at least every element that it matches.
 */
export function collectReferences({ styles }: Tree): References {
  const byKey = new Map<string, RuleReference[]>()
  const layered = new Set<string>()
  for (const { rules = [] } of styles) {
    for (const rule of rules) {
      for (const { property, value } of rule.declarations) {
        if (isUnset(value)) continue
        for (const selector of rule.selectors) layered.add(`${property.toLowerCase()} ${keyOf(selector)}`)
      }
      for (const reference of referencesOfRule(rule)) {
        for (const selector of rule.selectors) {
          const key = keyOf(selector)
          byKey.set(key, [...(byKey.get(key) ?? []), reference])
        }
      }
    }
  }
  return {
    of(element) {
      const found = referencesOfAttributes(element)
      if (byKey.size === 0) return found
      for (const key of keysOf(element))
        for (const reference of byKey.get(key) ?? []) if (!reference.isCut) found.push(reference)
      return found
    },
    isLayered(element, property) {
      if (!isUnset(propertyOf(element, property) ?? '')) return true
      return layered.size > 0 && keysOf(element).some((key) => layered.has(`${property} ${key}`))
    },
  }
}

const isUnset = (value: string) => /^(?:none|1)?$/.test(value)

/** What a selector's last compound may name an element by. */
function keysOf({ name, attributes }: Element): string[] {
  const classes = attributes.get('class')?.trim().split(/\s+/) ?? []
  return ['*', name, `#${attributes.get('id')}`, ...classes.map((className) => `.${className}`)]
}

/** The most telling part of a selector's last compound: `g > path.a:hover` is about `.a`. */
export function keyOf(selector: string): string {
  const compound = /[^\s>+~]*$/.exec(selector)?.[0] ?? ''
  if (/[()\\[|]/.test(selector) || compound === '') return '*'
  return /#[^.#:]+/.exec(compound)?.[0] ?? /\.[^.#:]+/.exec(compound)?.[0] ?? /^[^.#:*]+/.exec(compound)?.[0] ?? '*'
}

function referencesOfRule(rule: Rule): RuleReference[] {
  return rule.declarations.flatMap((declaration) =>
    idsIn(declaration.value).map((id) => {
      const reference: RuleReference = {
        id,
        property: declaration.property.toLowerCase(),
        isCut: false,
        cut() {
          reference.isCut = true
          rule.declarations = rule.declarations.filter((other) => other !== declaration)
        },
      }
      return reference
    }),
  )
}

function referencesOfAttributes({ attributes }: Element): Reference[] {
  const found: Reference[] = []
  const href = attributes.get('href')
  if (href?.startsWith('#')) found.push({ id: href.slice(1), property: 'href', cut: () => attributes.delete('href') })
  for (const [property, value] of attributes) {
    if (!value.includes('url') || property === 'href') continue
    if (property === 'style') found.push(...referencesOfStyle(attributes, value))
    else for (const id of idsIn(value)) found.push({ id, property, cut: () => attributes.set(property, 'none') })
  }
  return found
}

function referencesOfStyle(attributes: Map<string, string>, style: string): Reference[] {
  const parse = (text: string) => parseDeclarations(text, { warnings: new Set(), features: new Set() })
  const isSame = (a: Declaration, b: Declaration) => a.property === b.property && a.value === b.value
  return parse(style).flatMap((declaration) =>
    idsIn(declaration.value).map((id) => ({
      id,
      property: declaration.property.toLowerCase(),
      cut() {
        const kept = parse(attributes.get('style') ?? '').filter((other) => !isSame(other, declaration))
        if (kept.length > 0) attributes.set('style', printDeclarations(kept))
        else attributes.delete('style')
      },
    })),
  )
}
