import { checkFilter, costOfPrimitive } from './filter-cost.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { DEFINITIONS } from './names.ts'
import { referenceIn } from './references.ts'
import { type Element, elementsOf, type Tree } from './tree.ts'

/** The cost of drawing an element once: sums over what is drawn together, maxima over what is nested. */
interface Weight {
  /** Elements drawn, with references multiplied out. */
  cost: number
  /** Outlines: each may be painted with an inherited pattern. */
  shapes: number
  chain: number
  nesting: number
  layers: number
  filters: number
}

const SHAPES: ReadonlySet<string> = new Set('path rect circle ellipse line polyline polygon text tspan'.split(' '))
const LAYERING = ['opacity', 'mask', 'clip-path'] as const
/** A picture of this many pixels takes about as long as one element. */
const PIXELS_PER_ELEMENT = 10_000

/**
 * Follows all references, cuts circular ones, and refuses documents whose reference chains, nesting or multiplied-out size exceed the
 * limits. Each element is measured once. Throws TOO_COMPLEX.
 * @param extent the root's larger side in user units
 */
export function checkGraph(tree: Tree, extent: number): void {
  const weights = new Map<Element, Weight>()
  const open = new Set<Element>()
  let cycles = 0
  weigh(tree.root, 0)

  /** Null if the element is already being measured: the reference closes a cycle. */
  function weigh(element: Element, level: number): Weight | null {
    const known = weights.get(element)
    if (known) return known
    if (open.has(element)) return null
    // Stops long before the call stack overflows.
    if (level > 2 * LIMITS.nesting) throw tooComplex('References and elements are nested too deep.')
    open.add(element)
    const weight = weightOf(element)
    const isWhole = addChildren(element, weight, level)
    if (isWhole) addReferences(element, weight, level)
    open.delete(element)
    if (!isWhole) return null
    addLayers(element, weight)
    check(weight, tree.elements)
    weights.set(element, weight)
    return weight
  }

  function weightOf(element: Element): Weight {
    const isShape = SHAPES.has(element.name)
    const cost = element.name.startsWith('fe')
      ? costOfPrimitive(element, extent)
      : 1 + Math.ceil((element.pixels ?? 0) / PIXELS_PER_ELEMENT)
    return { cost, shapes: isShape ? 1 : 0, chain: 0, nesting: 0, layers: 0, filters: 0 }
  }

  function addChildren(element: Element, weight: Weight, level: number): boolean {
    for (const child of elementsOf(element)) {
      const inner = weigh(child, level + 1)
      if (inner === null) return false
      if (!DEFINITIONS.has(child.name)) join(weight, inner, 1)
    }
    return true
  }

  function addReferences(element: Element, weight: Weight, level: number): void {
    for (const [property, value] of element.attributes) {
      const id = referenceIn(value)
      const target = id === null ? undefined : tree.targets.get(id)
      if (!target) continue
      const inner = weigh(target, level + 1)
      if (inner) refer(weight, property, { target, inner })
      else cut(element, property)
    }
  }

  function addLayers(element: Element, weight: Weight): void {
    if (element.name === 'filter') checkFilter(element)
    weight.nesting++
    const isFiltered = isLayered(element, 'filter')
    if (isFiltered) weight.filters++
    if (isFiltered || LAYERING.some((property) => isLayered(element, property))) weight.layers++
  }

  function cut({ attributes }: Element, property: string): void {
    if (++cycles > LIMITS.cycles) throw tooComplex(`More than ${LIMITS.cycles} references are circular.`)
    if (property === 'fill' || property === 'stroke') attributes.set(property, 'none')
    else attributes.delete(property)
    tree.warnings.add('CYCLE')
  }
}

const isLayered = ({ attributes }: Element, property: string): boolean =>
  !/^(?:none|1)?$/.test(attributes.get(property) ?? '')

function join(weight: Weight, inner: Weight, times: number): void {
  weight.cost += times * inner.cost
  weight.shapes += inner.shapes
  nest(weight, inner)
}

function nest(weight: Weight, inner: Weight): void {
  weight.chain = Math.max(weight.chain, inner.chain)
  weight.nesting = Math.max(weight.nesting, inner.nesting)
  weight.layers = Math.max(weight.layers, inner.layers)
  weight.filters = Math.max(weight.filters, inner.filters)
}

function refer(weight: Weight, property: string, to: { target: Element; inner: Weight }): void {
  const { target, inner } = to
  const further = { ...inner, chain: inner.chain + 1 }
  if (property === 'href') {
    join(weight, further, 1)
    return
  }
  nest(weight, further)
  // The cost of gradients is negligible.
  if (target.name.endsWith('Gradient')) return
  weight.cost += timesOf(property, weight) * inner.cost
}

/** The maximum number of times a property's target is drawn: an inherited one, once for each shape that inherits it. */
const timesOf = (property: string, { shapes }: Weight): number =>
  property === 'fill' || property === 'stroke' ? Math.max(1, shapes) : 1

function check(weight: Weight, elements: number): void {
  if (weight.chain > LIMITS.chain) throw tooComplex(`References are chained more than ${LIMITS.chain} deep.`)
  if (weight.nesting > LIMITS.nesting)
    throw tooComplex(`Elements and references nest more than ${LIMITS.nesting} deep.`)
  if (weight.layers > LIMITS.layers)
    throw tooComplex(`More than ${LIMITS.layers} masks, clips or opacities are nested.`)
  if (weight.filters > LIMITS.filterLayers) throw tooComplex(`More than ${LIMITS.filterLayers} filters are nested.`)
  if (weight.cost > LIMITS.expansion + elements)
    throw tooComplex(
      `With references multiplied out, the document draws more than ${LIMITS.expansion} additional elements.`,
    )
}
