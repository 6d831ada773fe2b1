import { cloneOf } from './clone.ts'
import { referenceIn } from './references.ts'
import { append, create, type Element, type Tree, walk } from './tree.ts'

/** The paints of the shape or `use` that `context-fill` and `context-stroke` refer to. */
export interface Paints {
  readonly fill: string
  readonly stroke: string
}

const isContext = (paint: string | undefined): boolean => paint === 'context-fill' || paint === 'context-stroke'

/** The value, with context paints replaced by those of the context. */
export const contextual = (value: string, { fill, stroke }: Paints): string =>
  value === 'context-fill' ? fill : value === 'context-stroke' ? stroke : value

/** Whether anything inside uses a context paint. */
export const usesContext = (element: Element): boolean => {
  for (const { attributes } of walk(element))
    if (isContext(attributes.get('fill')) || isContext(attributes.get('stroke'))) return true
  return false
}

/**
 * Replaces context paints in the content of a `use` with the paints of that `use`: no engine supports `context-fill` there. SVG 2, 13.2.
 * Throws TOO_COMPLEX.
 */
export function resolveContextPaints(tree: Tree): void {
  const copies = new Map<string, string>()
  const known = new Map<Element, boolean>()
  /** Applied at the end, so that later copies do not refer to other copies. */
  const shown = new Map<Element, string>()
  /** A `use` and, if it is inside a copy, the context of the `use` that shows that copy. */
  const uses: { use: Element; host: Paints | null }[] = []
  const find = (from: Element, host: Paints | null) => {
    for (const use of walk(from)) if (use.name === 'use') uses.push({ use, host })
  }
  find(tree.root, null)
  // Copies may contain further uses, so the list grows during the iteration.
  for (let index = 0; index < uses.length; index++) {
    const { use, host } = uses[index] as { use: Element; host: Paints | null }
    const id = referenceIn(use.attributes.get('href') ?? '') ?? ''
    const target = tree.targets.get(id)
    if (!target || !asksForContext(target)) continue
    const context = { fill: paintAt(use, 'fill', host), stroke: paintAt(use, 'stroke', host) }
    const key = `${id} ${context.fill} ${context.stroke}`
    const copied = copies.get(key) ?? `tp${copies.size}`
    shown.set(use, copied)
    if (copies.has(key)) continue
    copies.set(key, copied)
    const copy = cloneOf(target, tree, { change: (value) => contextual(value, context) })
    tree.targets.set(copied, copy)
    append(tree.root, create('defs', {}, [copy]))
    find(copy, context)
  }
  for (const [use, id] of shown) use.attributes.set('href', `#${id}`)

  /** Includes content that it uses indirectly. Each element is checked once. */
  function asksForContext(target: Element): boolean {
    const before = known.get(target)
    if (before !== undefined) return before
    // This ends cycles.
    known.set(target, false)
    const isFound =
      usesContext(target) ||
      [...walk(target)].some((element) => {
        const inner =
          element.name === 'use' ? tree.targets.get(referenceIn(element.attributes.get('href') ?? '') ?? '') : undefined
        return inner !== undefined && asksForContext(inner)
      })
    known.set(target, isFound)
    return isFound
  }
}

/** The inherited paint, which in a copy comes from the `use` that shows it; a context paint without a context is none. */
function paintAt(use: Element, name: 'fill' | 'stroke', host: Paints | null): string {
  let paint: string | undefined
  for (let at: Element | null = use; at && paint === undefined; at = at.parent) {
    if (host && at.name === 'defs') break
    paint = at.attributes.get(name)
  }
  paint ??= host ? host[name] : name === 'fill' ? '#000000' : 'none'
  return isContext(paint) ? 'none' : paint
}
