import type { Declared } from './cascade.ts'
import { type Declaration, declare } from './declarations.ts'
import type { Faded } from './fade.ts'
import { px } from './lengths.ts'
import { PROPERTIES } from './properties.ts'
import type { Element, Findings } from './tree.ts'
import { type Context, evaluate } from './values.ts'
import { substitute, type VariableBudget, type Variables } from './variables.ts'

/** What an element passes on to its children, apart from what the engine inherits itself. */
export interface Scope extends Context {
  readonly variables: Variables | null
  /** Alpha of the inherited fill and stroke, and the opacity printed for each. */
  readonly fill: Faded
  readonly stroke: Faded
}

/** State shared by all variables of a document. */
export interface VariableScope {
  readonly budget: VariableBudget
  readonly findings: Findings
  /** Elements whose values depend on a variable. */
  readonly variable: Set<Element>
}

/** Resolves what all other values may depend on: variables, the font size, the colour. */
export function enter(
  element: Element,
  declared: Declared | null,
  { parent, all }: { parent: Scope; all: VariableScope },
): Scope {
  const { given } = element
  let scope = parent
  if (declared) {
    const own = new Map<string, string>()
    for (const [name, { text, wide }] of declared) if (name.startsWith('--') && wide === null) own.set(name, text)
    if (own.size > 0) scope = { ...scope, variables: { own, parent: parent.variables } }
    if (scope.variables !== null || hasVariables(declared))
      expandVariables(element, declared, { variables: scope.variables, all })
  }
  const size = declared?.get('font-size')
  if (size || given['font-size'] !== undefined) {
    const value = size
      ? valueFor(size, 'font-size', element, parent)
      : evaluate(PROPERTIES['font-size']?.parse(given['font-size'] ?? '') ?? null, parent)
    const fontSize = px(value ?? undefined, parent.fontSize)
    scope = { ...scope, fontSize, rootFontSize: element.parent ? scope.rootFontSize : fontSize }
  }
  const color = declared?.get('color')
  if (color || given.color !== undefined) {
    const value = color
      ? valueFor(color, 'color', element, parent)
      : evaluate(PROPERTIES.color?.parse(given.color ?? '') ?? null, parent)
    if (value?.startsWith('#')) scope = { ...scope, color: value }
  }
  return scope
}

/** Substitutes var() in declarations, in place. */
function expandVariables(
  element: Element,
  declared: Declared,
  { variables, all }: { variables: Variables | null; all: VariableScope },
): void {
  const { budget, findings, variable } = all
  for (const [name, declaration] of [...declared]) {
    if (declaration.value !== null || declaration.wide !== null || name.startsWith('--')) continue
    variable.add(element)
    const text = substitute(declaration.text, variables, budget)
    declared.delete(name)
    const found = text === null ? [] : declare(name, text.trim(), { isImportant: declaration.isImportant, findings })
    // Invalid at computed-value time: treated as unset; earlier declarations do not apply.
    if (found.length === 0) declared.set(name, { ...declaration, value: null, wide: 'unset' })
    // A shorthand may set a longhand twice; only what was declared before it stays.
    const before = new Set(declared.keys())
    for (const longhand of found)
      if (!before.has(longhand.property) || longhand.property === name) declared.set(longhand.property, longhand)
  }
}

/** The value of a declaration for an element; null if nothing needs to be printed. */
export function valueFor({ wide, value }: Declaration, name: string, element: Element, scope: Scope): string | null {
  const property = PROPERTIES[name]
  if (wide === null) return evaluate(value, scope)
  if (wide === 'initial') return property?.initial ?? null
  // Inheritance is left to the engine.
  if (property?.isInherited || wide === 'unset') return null
  return element.parent?.attributes.get(name) ?? element.parent?.extra?.get(name) ?? property?.initial ?? null
}

const hasVariables = (declared: Declared): boolean => {
  for (const { value, wide, property } of declared.values())
    if (value === null && wide === null && !property.startsWith('--')) return true
  return false
}
