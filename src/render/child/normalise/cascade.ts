import type { Declaration } from './declarations.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { type CompiledSelector, compileSelectors, localName, type StepBudget, selects } from './selectors.ts'
import type { Rule, Sheet } from './sheet.ts'
import { parseStyle } from './style-attribute.ts'
import type { Element, Findings } from './tree.ts'

interface Entry extends CompiledSelector {
  readonly rule: Rule
  readonly order: number
  /** How far above the element the root of the rule's scope is. */
  readonly distance: number
}

/** The winning declaration of each property of an element. */
export type Declared = Map<string, Declaration>

export interface Cascade {
  /** Combines the declarations of all rules and of the element's own style attribute; null if there are none. */
  of(element: Element): Declared | null
}

/**
 * Indexes rules by id, class and name, so that a sheet with thousands of classes costs each element only its own. Unknown selectors are
 * dropped with a warning. Throws TOO_COMPLEX.
 */
export function openCascade({ rules, namespaces }: Pick<Sheet, 'rules' | 'namespaces'>, findings: Findings): Cascade {
  const budget: StepBudget = { left: LIMITS.matchSteps, namespaces, children: new Map(), before: new Map() }
  const byKey = new Map<string, Entry[]>()
  const scopes = new Map<string, readonly CompiledSelector[]>()
  let applied = 0
  for (const [order, rule] of rules.entries()) {
    const compiled = compileSelectors(rule.selectors, budget)
    if (compiled === null) findings.warnings.add('RULE_DROPPED')
    for (const selector of compiled ?? []) {
      const entries = byKey.get(selector.key)
      const entry = { ...selector, rule, order, distance: UNSCOPED }
      if (entries) entries.push(entry)
      else byKey.set(selector.key, [entry])
    }
  }

  return {
    of(element) {
      const matched: Entry[] = []
      if (byKey.size > 0) {
        collect(matched, '*', element)
        collect(matched, localName(element), element)
        const { id, class: classes } = element.given
        if (classes !== undefined) for (const name of wordsOf(classes)) collect(matched, `.${name}`, element)
        if (id !== undefined) collect(matched, `#${id}`, element)
      }
      const style = element.given.style
      const own = style === undefined ? [] : parseStyle(style, findings)
      return matched.length === 0 && own.length === 0 ? null : merge(matched, own)
    },
  }

  function collect(matched: Entry[], key: string, element: Element): void {
    const entries = byKey.get(key)
    if (!entries) return
    budget.left -= entries.length
    if (budget.left < 0) throw tooComplex('The selectors of the style sheet take too long to match.')
    for (const entry of entries) {
      if (entry.matches !== null && !entry.matches(element)) continue
      matched.push(entry.rule.roots === null ? entry : { ...entry, distance: distanceTo(entry.rule.roots, element) })
    }
  }

  function distanceTo(roots: string, element: Element): number {
    let compiled = scopes.get(roots)
    if (!compiled) {
      compiled = compileSelectors(roots, budget) ?? []
      scopes.set(roots, compiled)
    }
    let distance = 0
    for (let at: Element | null = element; at; at = at.parent, distance++)
      if (compiled.some((selector) => selects(selector, at as Element))) return distance
    return distance
  }

  /** Later in this order wins: layers, specificity, source order; then the style attribute; then all of it again for !important. */
  function merge(matched: Entry[], own: readonly Declaration[]): Declared {
    if (matched.length > 1) matched.sort(byPrecedence)
    const declared: Declared = new Map()
    let hasImportant = false
    for (const { rule } of matched) {
      applied += rule.declarations.length
      for (const declaration of rule.declarations) {
        hasImportant ||= declaration.isImportant
        set(declared, declaration)
      }
    }
    if (applied > LIMITS.declarations)
      throw tooComplex(`More than ${LIMITS.declarations} declarations of the style sheet apply.`)
    for (const declaration of own) {
      hasImportant ||= declaration.isImportant
      set(declared, declaration)
    }
    if (!hasImportant) return declared
    if (matched.some(({ rule }) => rule.layer !== matched[0]?.rule.layer)) matched.sort(byImportance)
    for (const { rule } of matched)
      for (const declaration of rule.declarations) if (declaration.isImportant) set(declared, declaration)
    for (const declaration of own) if (declaration.isImportant) set(declared, declaration)
    return declared
  }
}

const byPrecedence = (a: Entry, b: Entry): number => a.rule.layer - b.rule.layer || bySpecificity(a, b)

const UNSCOPED = Number.MAX_SAFE_INTEGER

/** CSS Cascade 6, 2.1: of equally specific ones the rule of the nearest scope wins, then the last one. */
const bySpecificity = (a: Entry, b: Entry): number =>
  a.specificity - b.specificity || b.distance - a.distance || a.order - b.order

/** Of important declarations those in earlier layers win. CSS Cascade 5, 6.1. */
const byImportance = (a: Entry, b: Entry): number => b.rule.layer - a.rule.layer || bySpecificity(a, b)

function set(declared: Declared, declaration: Declaration): void {
  // Deleted and set again so that the map's order is the cascade order: a shorthand with var() is expanded later.
  declared.delete(declaration.property)
  declared.set(declaration.property, declaration)
}

const wordsOf = (text: string): readonly string[] =>
  /[\s]/.test(text) ? new Set(text.split(/\s+/).filter(Boolean)).values().toArray() : [text]
