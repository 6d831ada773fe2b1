import { boxOf, boxOfChildren } from './boxes.ts'
import { type Curves, curvesOf, enlargementOf, enlargementOfReference, workOfFar } from './far-cost.ts'
import { checkFilter, workOfPrimitive } from './filter-cost.ts'
import { isViewport, LAYER_PICTURES_MAX, workBeyond } from './layer-cost.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { DEFINITIONS } from './names.ts'
import { hasStrokedUse, workOfOutline } from './outline-cost.ts'
import { type Outline, openOutlines } from './path-data.ts'
import { referenceIn } from './references.ts'
import { openShares } from './shares.ts'
import { grown } from './transforms.ts'
import { type Element, elementsOf, type Tree, type Work } from './tree.ts'
import {
  AREA_MAX,
  addBeyond,
  check,
  isGradient,
  join,
  NO_FILLED,
  refer,
  type Share,
  type Weight,
  workOfFilled,
} from './weights.ts'
import {
  addWork,
  areaOfRegion,
  hasLayer,
  isLayer,
  NO_WORK,
  shareMaxOf,
  shareOfRegion,
  workOf,
  workOfArea,
  workOfLayers,
  workOfPicture,
  workOfStrokedLetters,
} from './work.ts'

const SHAPES: ReadonlySet<string> = new Set('path rect circle ellipse line polyline polygon text tspan'.split(' '))
const TEXTS: ReadonlySet<string> = new Set(['text', 'tspan', 'textPath'])
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
  const outlineOf = openOutlines()
  let { work, cost, curves } = measure(tree, { extent, outlineOf, shareOf: () => 1, areaOf: () => 0, hasCurves: true })
  if (Math.max(work.resvg, work.librsvg) > LITTLE_WORK_MS || cost > MANY_SHAPES) {
    const shareOf = openShares(tree, extent)
    const areaOf = cost > MANY_SHAPES ? shareOf : () => 0
    work = measure(tree, { extent, outlineOf, shareOf, areaOf, hasCurves: false }).work
  }
  work = addWork(work, workOfFar(curves, extent))
  // Other art that takes long is drawn once for all sizes.
  const isFiltered = [...tree.targets.values()].some(({ name }) => name === 'filter')
  if (isFiltered) work = addWork(NO_WORK, work, FILTERED_DRAWINGS)
  const ms = Math.min(work.resvg, work.librsvg)
  if (ms > LIMITS.drawingMs) throw tooComplex(`Drawing it would take about ${(ms / 1000).toFixed(0)} s.`)
  return work
}

const NO_CURVES: Curves = new Map()

/** Where an element is measured: how deep, and how much it is enlarged. */
interface Position {
  readonly level: number
  readonly scale: number
  /** Nothing around it is drawn by reference, so that its units, enlarged by `scale`, are the root's. */
  readonly isPlaced: boolean
}

interface Options {
  readonly extent: number
  /** The share of the picture that an element covers, 0 to 1. */
  readonly shareOf: (element: Element) => number
  /** The same for shapes, whose area matters only if they are many. */
  readonly areaOf: (element: Element) => number
  readonly outlineOf: (data: string) => Outline
  readonly hasCurves: boolean
}

/** Each element is measured once. Only those that are drawn by reference are asked for again: a document may have 200,000. */
function measure(tree: Tree, { extent, outlineOf, shareOf, areaOf, hasCurves }: Options): Weight {
  const referenced = new Set(tree.targets.values())
  const weights = new Map<Element, Weight>()
  const open = new Set<Element>()
  let cycles = 0
  const boxes = { targets: tree.targets, boxes: new Map() }
  const hasGradient = referenced.values().some(isGradient)
  const isStroking = hasStrokedUse(tree)
  const whole = weigh(tree.root, { level: -1, scale: 1, isPlaced: true })
  if (!whole) throw new Error('the root is part of a cycle')
  whole.work = addWork(whole.work, workOfFilled(whole, extent))
  return whole

  /** Null if the element is already being measured: the reference closes a cycle. @param around its parent's */
  function weigh(element: Element, around: Position): Weight | null {
    const level = around.level + 1
    const known = weights.get(element)
    if (known) return known
    if (open.has(element)) return null
    // Stops long before the call stack overflows.
    if (level > 2 * LIMITS.nesting) throw tooComplex('References and elements are nested too deep.')
    open.add(element)
    const at: Position = {
      level,
      scale: (referenced.has(element) ? 1 : around.scale) * enlargementOf(element, extent),
      isPlaced: around.isPlaced && !referenced.has(element),
    }
    const weight = weightOf(element, at)
    const isWhole = addChildren(element, weight, at)
    if (isWhole) addReferences(element, weight, at)
    open.delete(element)
    if (!isWhole) return null
    addLayers(element, weight, at)
    check(weight, tree.elements)
    if (referenced.has(element)) weights.set(element, weight)
    return weight
  }

  function weightOf(element: Element, { scale, isPlaced }: Position): Weight {
    const isShape = SHAPES.has(element.name) && !isEmpty(element)
    const isPrimitive = element.name.startsWith('fe')
    const place = { outlineOf, extent, scale: isPlaced ? scale : null, hasStrokedUse: isStroking }
    return {
      cost: 1 + Math.ceil((element.pixels ?? 0) / PIXELS_PER_ELEMENT),
      shapes: isShape ? 1 : 0,
      area: isShape && hasGradient ? (isPlaced ? shareOf(element) * extent ** 2 : areaOfBox(element) * scale ** 2) : 0,
      chain: 0,
      nesting: 0,
      layers: 0,
      filters: 0,
      work: isPrimitive
        ? workOfPrimitive(element, extent)
        : addWork(
            addWork(workOf(element), workOfOutline(element, place)),
            workOfSize(element, { isShape, scale: place.scale }),
          ),
      filled: NO_FILLED,
      outlineChars: OUTLINES.reduce((sum, name) => sum + (element.attributes.get(name)?.length ?? 0), 0),
      curves: hasCurves ? curvesOf(element, { scale, outlineOf }) : NO_CURVES,
    }
  }

  /** Exact only if shares of the picture are. */
  function areaOfBox(element: Element): number {
    const box = hasCurves ? null : boxOf(element, boxes)
    if (!box) return AREA_MAX
    const { width, height } = grown(element, box)
    return Math.min(width * height, AREA_MAX)
  }

  function workOfSize(element: Element, { isShape, scale }: { isShape: boolean; scale: number | null }): Work {
    if (element.name === 'image') return workOfPicture(shareOf(element))
    if (TEXTS.has(element.name))
      return addWork(workOfArea(element, areaOf(element)), workOfStrokedLetters(element, { extent, scale }))
    return isShape ? workOfArea(element, areaOf(element)) : NO_WORK
  }

  function addChildren(element: Element, weight: Weight, at: Position): boolean {
    for (const child of elementsOf(element)) {
      const inner = weigh(child, at)
      if (inner === null) return false
      if (DEFINITIONS.has(child.name)) continue
      join(weight, inner, { enlargement: referenced.has(child) ? at.scale : 1, areaMax: areaMaxOf(at) })
    }
    return true
  }

  /** Of what a shape covers, in the units of a position. */
  function areaMaxOf({ isPlaced }: Position): number {
    return isPlaced ? extent ** 2 : AREA_MAX
  }

  function addReferences(element: Element, weight: Weight, at: Position): void {
    // What a `use` draws is known before what fills it.
    const href = element.attributes.get('href')
    const others = [...element.attributes].filter(([property]) => property !== 'href')
    for (const [property, value] of href === undefined ? others : [['href', href] as const, ...others]) {
      const id = referenceIn(value)
      const target = id === null ? undefined : tree.targets.get(id)
      if (!target) continue
      const inner = weigh(target, { ...at, isPlaced: false })
      const own = enlargementOfReference(element, target, { extent, boxOf: (each) => boxOf(each, boxes) })
      const share = shareOfUse(element, { target, at })
      const enlargement = at.scale * own
      if (inner) refer(weight, property, { target, inner, extent, of: share, enlargement, areaMax: areaMaxOf(at) })
      else cut(element, property)
    }
  }

  /** Of the picture, or where that depends on what refers to the element, an area in the units that this one counts in. */
  function shareOfUse(element: Element, { target, at }: { target: Element; at: Position }): Share {
    const inUnits = areaOfRegion(target)
    if (inUnits === null) return { share: isLayer(target) ? shareOfRegion(target, shareOf(element)) : 1 }
    const area = inUnits * at.scale ** 2
    return at.isPlaced ? { share: Math.min(shareMaxOf(target.name), area / extent ** 2) } : { area }
  }

  function addLayers(element: Element, weight: Weight, at: Position): void {
    if (element.name === 'filter') checkFilter(element)
    weight.nesting++
    const isFiltered = isLayered(element, 'filter')
    if (isFiltered) weight.filters++
    if (isFiltered || LAYERING.some((property) => isLayered(element, property))) weight.layers++
    if (hasLayer(element)) weight.work = addWork(weight.work, workOfLayers(element, shareOf(element)))
    const beyond = workBeyond(element)
    if (beyond.resvg > 0) addBeyond(weight, beyond, areaBeyond(element, at))
  }

  /** Of an element's layers, beyond the picture where that is known. */
  function areaBeyond(element: Element, { scale, isPlaced }: Position): number {
    const box = hasCurves ? null : isViewport(element) ? boxOfChildren(element, boxes) : boxOf(element, boxes)
    const area = box ? box.width * box.height * scale ** 2 : AREA_MAX
    return isPlaced
      ? Math.max(0, Math.min(area, LAYER_PICTURES_MAX * extent ** 2) - extent ** 2)
      : Math.min(area, AREA_MAX)
  }

  function cut({ attributes }: Element, property: string): void {
    if (++cycles > LIMITS.cycles) throw tooComplex(`More than ${LIMITS.cycles} references are circular.`)
    if (property === 'fill' || property === 'stroke') attributes.set(property, 'none')
    else attributes.delete(property)
    tree.warnings.add('CYCLE')
  }
}

/** Whether an outline has no data: its box, which is unknown, would be taken as the picture. */
const isEmpty = ({ name, attributes }: Element): boolean =>
  (name === 'path' && !attributes.get('d')) || (name.startsWith('poly') && !attributes.get('points'))

const isLayered = ({ attributes }: Element, property: string): boolean =>
  !/^(?:none|1)?$/.test(attributes.get(property) ?? '')
