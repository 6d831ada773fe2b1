import { referenceIn } from './references.ts'
import { create, type Element, elementsOf, type Tree, walk } from './tree.ts'

/** A radius of zero or less fills with the last stop's colour; engines draw nothing, or the first stop. */
export function resolveGradients(tree: Tree): void {
  for (const gradient of walk(tree.root)) {
    if (gradient.name !== 'radialGradient' || !(Number.parseFloat(gradient.attributes.get('r') ?? '') <= 0)) continue
    const last = stopsOf(gradient, tree).at(-1)
    if (!last) continue
    gradient.attributes.delete('r')
    gradient.children = [create('stop', { ...Object.fromEntries(last.attributes), offset: '0' })]
  }
}

/** The gradient's own stops, or those of the gradient it refers to. */
function stopsOf(gradient: Element, { targets }: Tree): Element[] {
  const seen = new Set<Element>()
  for (let at: Element | undefined = gradient; at && !seen.has(at); ) {
    const stops = [...elementsOf(at)].filter(({ name }) => name === 'stop')
    if (stops.length > 0) return stops
    seen.add(at)
    at = targets.get(referenceIn(at.attributes.get('href') ?? '') ?? '')
  }
  return []
}
