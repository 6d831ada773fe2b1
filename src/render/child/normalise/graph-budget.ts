import { workOfReach } from './far-cost.ts'
import { checkFilter, workOfPrimitive } from './filter-cost.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { DEFINITIONS } from './names.ts'
import { referenceIn } from './references.ts'
import { type Element, elementsOf, type Tree, type Work } from './tree.ts'
import {
  addWork,
  hasLayer,
  isLayer,
  NO_WORK,
  openShares,
  shareOfRegion,
  workOf,
  workOfArea,
  workOfLayers,
  workOfPicture,
  workOfUse,
} from './work.ts'

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
  work: Work
  /** Characters of outlines, with references multiplied out: engines copy an outline for each use. */
  outlineChars: number
}

const SHAPES: ReadonlySet<string> = new Set('path rect circle ellipse line polyline polygon text tspan'.split(' '))
const OUTLINES = ['d', 'points'] as const
const LAYERING = ['opacity', 'mask', 'clip-path'] as const
/** A picture of this many pixels takes about as long as one element. */
const PIXELS_PER_ELEMENT = 10_000

/** Less is not worth a closer estimate. */
const LITTLE_WORK_MS = 150
/** Fewer take less than a second for their area. */
const MANY_SHAPES = 10_000
/** Art with filters is drawn for each size: 512 px, 128 px and a small one for the checks. */
const FILTERED_DRAWINGS = 1.35

/**
 * Follows all references, cuts circular ones, and refuses documents whose reference chains, nesting or multiplied-out size exceed the
 * limits, or that neither engine draws in time. Returns what drawing it takes. Throws TOO_COMPLEX.
 * @param extent the root's larger side in user units
 */
export function checkGraph(tree: Tree, extent: number): Work {
  // As if every layer were as large as the picture, which is quick to say.
  let { work, cost } = measure(tree, { extent, shareOf: () => 1, areaOf: () => 0 })
  if (Math.max(work.resvg, work.librsvg) > LITTLE_WORK_MS || cost > MANY_SHAPES) {
    const shareOf = openShares(tree, extent)
    work = measure(tree, { extent, shareOf, areaOf: cost > MANY_SHAPES ? shareOf : () => 0 }).work
  }
  // Other art that takes long is drawn once for all sizes.
  const isFiltered = [...tree.targets.values()].some(({ name }) => name === 'filter')
  if (isFiltered) work = addWork(NO_WORK, work, FILTERED_DRAWINGS)
  const ms = Math.min(work.resvg, work.librsvg)
  if (ms > LIMITS.drawingMs) throw tooComplex(`Drawing it would take about ${(ms / 1000).toFixed(0)} s.`)
  return work
}

interface Options {
  readonly extent: number
  /** The share of the picture that an element covers, 0 to 1. */
  readonly shareOf: (element: Element) => number
  /** The same for shapes, whose area matters only if they are many. */
  readonly areaOf: (element: Element) => number
}

/** Each element is measured once. Only those that are drawn by reference are asked for again: a document may have 200,000. */
function measure(tree: Tree, { extent, shareOf, areaOf }: Options): Weight {
  const referenced = new Set(tree.targets.values())
  const weights = new Map<Element, Weight>()
  const open = new Set<Element>()
  let cycles = 0
  const whole = weigh(tree.root, 0)
  if (!whole) throw new Error('the root is part of a cycle')
  return whole

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
    if (referenced.has(element)) weights.set(element, weight)
    return weight
  }

  function weightOf(element: Element): Weight {
    const isShape = SHAPES.has(element.name)
    const isPrimitive = element.name.startsWith('fe')
    return {
      cost: 1 + Math.ceil((element.pixels ?? 0) / PIXELS_PER_ELEMENT),
      shapes: isShape ? 1 : 0,
      chain: 0,
      nesting: 0,
      layers: 0,
      filters: 0,
      work: isPrimitive ? workOfPrimitive(element, extent) : addWork(workOf(element), workOfSize(element, isShape)),
      outlineChars: OUTLINES.reduce((sum, name) => sum + (element.attributes.get(name)?.length ?? 0), 0),
    }
  }

  function workOfSize(element: Element, isShape: boolean): Work {
    if (element.name === 'image') return workOfPicture(shareOf(element))
    if (!isShape) return NO_WORK
    return addWork(workOfArea(element, areaOf(element)), workOfReach(element, extent))
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
      if (inner) refer(weight, property, { target, inner, extent, share: shareOfUse(element, target) })
      else cut(element, property)
    }
  }

  function shareOfUse(element: Element, target: Element): number {
    return isLayer(target) ? shareOfRegion(target, { share: shareOf(element), extent }) : 1
  }

  function addLayers(element: Element, weight: Weight): void {
    if (element.name === 'filter') checkFilter(element)
    weight.nesting++
    const isFiltered = isLayered(element, 'filter')
    if (isFiltered) weight.filters++
    if (isFiltered || LAYERING.some((property) => isLayered(element, property))) weight.layers++
    if (hasLayer(element)) weight.work = addWork(weight.work, workOfLayers(element, shareOf(element)))
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
  weight.work = addWork(weight.work, inner.work, times)
  weight.outlineChars += times * inner.outlineChars
  nest(weight, inner)
}

function nest(weight: Weight, inner: Weight): void {
  weight.chain = Math.max(weight.chain, inner.chain)
  weight.nesting = Math.max(weight.nesting, inner.nesting)
  weight.layers = Math.max(weight.layers, inner.layers)
  weight.filters = Math.max(weight.filters, inner.filters)
}

function refer(
  weight: Weight,
  property: string,
  to: { target: Element; inner: Weight; share: number; extent: number },
): void {
  const { target, inner, share, extent } = to
  const further = { ...inner, chain: inner.chain + 1 }
  if (property === 'href') {
    join(weight, further, 1)
    return
  }
  nest(weight, further)
  const times = timesOf(property, weight)
  weight.work = addWork(weight.work, workOfUse(target, { share, extent, inner: inner.work }), times)
  // A gradient is not drawn.
  if (target.name.endsWith('Gradient')) return
  weight.cost += times * inner.cost
  weight.outlineChars += times * inner.outlineChars
}

/** The maximum number of times a property's target is drawn: an inherited one, once for each shape that inherits it. */
const timesOf = (property: string, { shapes }: Weight): number =>
  property === 'fill' || property === 'stroke' ? Math.max(1, shapes) : 1

function check(weight: Weight, elements: number): void {
  if (weight.outlineChars > LIMITS.outlineChars)
    throw tooComplex(`With references multiplied out, outlines have more than ${LIMITS.outlineChars} characters.`)
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
