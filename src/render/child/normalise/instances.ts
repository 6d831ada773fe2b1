import { LIMITS, tooComplex } from './limits.ts'
import { targetOf } from './references.ts'
import { append, create, type Element, type Tree, walk } from './tree.ts'
import type { Variables } from './variables.ts'

/** What the resolving of a document has to remember for elements that are drawn elsewhere. */
export interface Uses<Scope> {
  /** Each `use` in the scope of variables that it hands on. */
  readonly found: { element: Element; scope: Scope }[]
  /** Elements that took a value from a variable. */
  readonly variable: Set<Element>
  /** Variables in scope at elements with an id, where there are any. */
  readonly at: Map<Element, Variables>
}

/**
 * Draws what a `use` shows with the variables of the place where it is used: `<use style="--c:red">` colours the symbol of a sprite. What
 * it refers to is resolved once more, as a copy of its own, where that can make a difference. Throws TOO_COMPLEX.
 */
export function instantiate<Scope extends { readonly variables: Variables | null }>(
  tree: Tree,
  uses: Uses<Scope>,
  resolve: (element: Element, scope: Scope) => void,
): void {
  const known = new Map<Element, boolean>()
  // Copies may hold further uses: the list grows while it is read.
  for (let index = 0; index < uses.found.length; index++) {
    const { element, scope } = uses.found[index] as { element: Element; scope: Scope }
    const target = targetOf(tree, element.attributes.get('href'))
    if (!target || (uses.at.get(target) ?? null) === scope.variables || !isVariable(target)) continue
    const copy = copyOf(target, tree)
    copy.parent = target.parent
    resolve(copy, scope)
    const id = `ti${index}`
    tree.targets.set(id, copy)
    element.attributes.set('href', `#${id}`)
    append(tree.root, create('defs'))
    append(tree.root.children.at(-1) as Element, copy)
  }

  /** Whether anything in it, or that it uses, took a value from a variable. Each is looked through once. */
  function isVariable(target: Element): boolean {
    const before = known.get(target)
    if (before !== undefined) return before
    // A cycle ends here.
    known.set(target, false)
    const isFound = [...walk(target)].some((element) => {
      const inner = element.name === 'use' ? targetOf(tree, element.attributes.get('href')) : undefined
      return uses.variable.has(element) || (inner !== undefined && isVariable(inner))
    })
    known.set(target, isFound)
    return isFound
  }
}

function copyOf(element: Element, tree: Tree): Element {
  if (++tree.elements > LIMITS.elements)
    throw tooComplex(`With all that is used the document has more than ${LIMITS.elements} elements.`)
  const copy: Element = { name: element.name, given: element.given, attributes: new Map(), children: [], parent: null }
  for (const child of element.children) {
    const inner = typeof child === 'string' ? child : copyOf(child, tree)
    copy.children.push(inner)
    if (typeof inner !== 'string') inner.parent = copy
  }
  return copy
}
