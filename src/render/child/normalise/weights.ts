import type { Engine } from '../../messages.ts'
import { addCurves, type Curves } from './far-cost.ts'
import { workOfEnlargedFilter } from './filter-cost.ts'
import { workOfGradient } from './gradient-cost.ts'
import { LAYER_PICTURES_MAX } from './layer-cost.ts'
import { LIMITS, tooComplex } from './limits.ts'
import type { Element, Work } from './tree.ts'
import { addWork, NO_WORK, shareMaxOf, work, workOfUse } from './work.ts'

/** The cost of drawing an element once: sums over what is drawn together, maxima over what is nested. */
export interface Weight {
  /** Elements drawn, with references multiplied out. */
  cost: number
  /** Outlines: each may be painted with an inherited pattern. */
  shapes: number
  /** Of their boxes, in square units of the same space as `curves`; no more than a large number if it is not known. */
  area: number
  chain: number
  nesting: number
  layers: number
  filters: number
  work: Work
  /**
   * What gradients take in addition where they fill shapes, and filters and masks of what is drawn by reference in their regions: if each
   * covered the picture, and per square unit of that space.
   */
  filled: { readonly whole: Work; readonly perUnit: Work }
  /** Characters of outlines, with references multiplied out: engines copy an outline for each use. */
  outlineChars: number
  /** In the units of the element that is asked for, or of the nearest one around it that is drawn by reference. */
  curves: Curves
}

/** Of a shape whose box is not known. Finite, so that what is enlarged to nothing has none. */
export const AREA_MAX = 1e30

export const isGradient = ({ name }: Element): boolean => name.endsWith('Gradient')

/** How a part is drawn: how much it is enlarged, and how much a shape may cover, in square units of the whole. */
interface Drawn {
  readonly enlargement: number
  readonly areaMax: number
}

export function join(weight: Weight, inner: Weight, drawn: Drawn): void {
  const { enlargement } = drawn
  weight.cost += inner.cost
  weight.shapes += inner.shapes
  weight.area += inner.area * enlargement ** 2
  weight.work = addWork(weight.work, inner.work)
  weight.outlineChars += inner.outlineChars
  addFilled(weight, inner, { times: 1, ...drawn })
  addCurves(weight.curves, inner.curves, { enlargement })
  nest(weight, inner)
}

export const NO_FILLED: Weight['filled'] = { whole: NO_WORK, perUnit: NO_WORK }

function addFilled(
  weight: Weight,
  { filled }: Weight,
  { times, enlargement, areaMax }: Drawn & { times: number },
): void {
  if (filled === NO_FILLED) return
  const { whole, perUnit } = weight.filled
  const of = (engine: Engine) => Math.min(filled.perUnit[engine] * enlargement ** 2, filled.whole[engine] * areaMax)
  weight.filled = {
    whole: addWork(whole, filled.whole, times),
    perUnit: addWork(perUnit, work(of('resvg'), of('librsvg')), times),
  }
}

/** Adds what layers take for what they cover beyond the picture. @param area in the square units that `area` of a weight is in */
export function addBeyond(weight: Weight, beyond: Work, area: number): void {
  if (beyond.resvg === 0 || area === 0) return
  const { whole, perUnit } = weight.filled
  weight.filled = {
    whole: addWork(whole, beyond, LAYER_PICTURES_MAX - 1),
    perUnit: addWork(perUnit, beyond, area),
  }
}

/** What gradients and layers take. No shape covers more than the picture. @param extent the root's larger side in user units */
export function workOfFilled({ filled: { whole, perUnit } }: Weight, extent: number): Work {
  const of = (engine: Engine) => Math.min(whole[engine], perUnit[engine] / extent ** 2)
  return work(of('resvg'), of('librsvg'))
}

function nest(weight: Weight, inner: Weight): void {
  weight.chain = Math.max(weight.chain, inner.chain)
  weight.nesting = Math.max(weight.nesting, inner.nesting)
  weight.layers = Math.max(weight.layers, inner.layers)
  weight.filters = Math.max(weight.filters, inner.filters)
}

/** How much of the picture a use covers, or in square units where that is not known yet. */
export type Share = { readonly share: number } | { readonly area: number }

export function refer(
  weight: Weight,
  property: string,
  to: Drawn & { target: Element; inner: Weight; of: Share; extent: number },
): void {
  const { target, inner, of, extent, enlargement } = to
  const further = { ...inner, chain: inner.chain + 1 }
  if (property === 'href') {
    join(weight, further, to)
    return
  }
  nest(weight, further)
  const times = timesOf(property, weight)
  const own = target.name === 'filter' ? addWork(inner.work, workOfEnlargedFilter(target, to)) : inner.work
  const workAt = (share: number) => workOfUse(target, { share, extent, inner: own })
  weight.work = addWork(weight.work, workAt('share' in of ? of.share : 0), times)
  if ('area' in of) {
    const perPicture = addWork(workAt(1), workAt(0), -1)
    const { whole, perUnit } = weight.filled
    weight.filled = {
      whole: addWork(whole, perPicture, shareMaxOf(target.name)),
      perUnit: addWork(perUnit, perPicture, Math.min(of.area, AREA_MAX)),
    }
  }
  // A gradient is not drawn: it fills.
  if (isGradient(target)) {
    const { whole, perUnit } = weight.filled
    // The stroke of what a `use` draws may be wider than its box.
    const area = property === 'fill' || weight.chain === 0 ? weight.area : Number.POSITIVE_INFINITY
    weight.filled = {
      whole: addWork(whole, workOfGradient(target, { shares: weight.shapes, stops: inner.cost })),
      perUnit: addWork(perUnit, workOfGradient(target, { shares: Math.min(area, AREA_MAX), stops: inner.cost })),
    }
    return
  }
  weight.cost += times * inner.cost
  weight.outlineChars += times * inner.outlineChars
  addFilled(weight, inner, { times, ...to })
  addCurves(weight.curves, inner.curves, { times, enlargement })
}

/** The maximum number of times a property's target is drawn: an inherited one, once for each shape that inherits it. */
const timesOf = (property: string, { shapes }: Weight): number =>
  property === 'fill' || property === 'stroke' ? Math.max(1, shapes) : 1

export function check(weight: Weight, elements: number): void {
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
