import { LIMITS, tooComplex } from './limits.ts'
import { targetOf } from './references.ts'
import { append, create, type Element, type Tree, walk } from './tree.ts'
import type { Variables } from './variables.ts'

/** State collected while resolving a document, for elements that are drawn elsewhere. */
export interface Uses<Scope> {
  /** Each `use`, with the variables in scope there. */
  readonly found: { element: Element; scope: Scope }[]
  /** Elements whose values depend on a variable. */
  readonly variable: Set<Element>
  /** Variables in scope at elements with an id, if there are any. */
  readonly at: Map<Element, Variables>
}

/**
 * Resolves what a `use` shows with the variables in scope at the `use`: `<use style="--c:red">` colours the symbol of a sprite. If that
 * can make a difference, the target is copied and the copy is resolved. Throws TOO_COMPLEX.
 */
export function instantiate<Scope extends { readonly variables: Variables | null }>(
  tree: Tree,
  uses: Uses<Scope>,
  resolve: (element: Element, scope: Scope) => void,
): void {
  const known = new Map<Element, boolean>()
  // Copies may contain further uses: the list grows during iteration.
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

  /** Whether the element, its descendants or anything they use depends on a variable. Each is visited once. */
  function isVariable(target: Element): boolean {
    const before = known.get(target)
    if (before !== undefined) return before
    // Ends cycles.
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
    throw tooComplex(`With a copy for each use, the document has more than ${LIMITS.elements} elements.`)
  const copy: Element = { name: element.name, given: element.given, attributes: new Map(), children: [], parent: null }
  for (const child of element.children) {
    const inner = typeof child === 'string' ? child : copyOf(child, tree)
    copy.children.push(inner)
    if (typeof inner !== 'string') inner.parent = copy
  }
  return copy
}
