import type { Box } from './box.ts'
import { px } from './lengths.ts'
import { type Outline, powerOf } from './path-data.ts'
import { viewBoxOf } from './size.ts'
import { readTransform } from './transform-list.ts'
import { type Element, inherited, type Work } from './tree.ts'
import { addWork, NO_WORK, work } from './work.ts'

const SIDE_PX = 512
/** Longer curves do not fit into cairo's numbers. */
const CURVE_MAX_PX = 1.3e7
/** Of one curve, multiplied by the square root of its length in px. */
const CURVE = work(0.002, 0.0004)
/** The same of each pair of curves in one path, since librsvg looks for their crossings: 200 arcs of a million px take 1.2 s. */
const PAIR = work(0, 0.000_005)

/**
 * Curves by the power of two that their length in user units does not exceed: what those of one power take together, per square root of
 * that length.
 */
export type Curves = Map<number, Work>
type OutlineOf = (data: string) => Outline

/**
 * What curves far beyond the picture take: engines split them into lines as short as within, whose number grows with the square root of
 * the curve's size. What is straight takes nothing, and what is near is part of a shape's own cost.
 * @param extent the root's larger side in user units
 */
export function workOfFar(curves: Curves, extent: number): Work {
  let sum = NO_WORK
  for (const [power, work] of curves) {
    const lengthPx = (2 ** power * SIDE_PX) / extent
    if (lengthPx <= 4 * SIDE_PX) continue
    const root = Math.sqrt(Math.min(lengthPx, CURVE_MAX_PX))
    sum = addWork(sum, { ...work, resvg: work.resvg * (lengthPx > RESVG_MAX_PX ? BEYOND_RESVG : 1) }, root)
  }
  return sum
}

/** Adds the curves of a part that is drawn several times, enlarged. */
export function addCurves(to: Curves, from: Curves, { times = 1, enlargement = 1 }): void {
  const shift = powerOf(enlargement)
  for (const [power, work] of from) to.set(power + shift, addWork(to.get(power + shift) ?? NO_WORK, work, times))
}

/** Beyond this length resvg may take a second for one stroke, and more the longer it is: such shapes are for librsvg, which takes 1 ms. */
const RESVG_MAX_PX = 1.5e6
const BEYOND_RESVG = 1000

/** Quarters of a circle, which engines draw it with. */
const QUARTER = Math.PI / 2
/** Most letters have fewer, and shorter ones. */
const CURVES_OF_LETTER = 12

/** The curves of a shape or text itself. @param options.scale from its own units to those that are counted in */
export function curvesOf(element: Element, { scale, outlineOf }: { scale: number; outlineOf: OutlineOf }): Curves {
  const { name, attributes, children } = element
  const curves: Curves = new Map()
  const largest = (...names: string[]) => Math.max(...names.map((each) => px(attributes.get(each))))
  const add = (length: number, count: number) => {
    if (length > 0) curves.set(powerOf(length * scale), addWork(NO_WORK, CURVE, count))
  }
  if (name === 'circle' || name === 'ellipse') add(QUARTER * largest('r', 'rx', 'ry'), 4)
  else if (name === 'rect') add(QUARTER * Math.min(largest('rx', 'ry'), largest('width', 'height')), 4)
  else if (name === 'path') {
    const own = outlineOf(attributes.get('d') ?? '').curves
    const all = [...own.values()].reduce((sum, count) => sum + count, 0)
    const shift = powerOf(scale)
    for (const [power, count] of own)
      curves.set(power + shift, addWork(addWork(NO_WORK, CURVE, count), PAIR, count * all))
  } else if (name === 'text' || name === 'tspan' || name === 'textPath') {
    const letters = children.reduce((sum, child) => sum + (typeof child === 'string' ? child.length : 0), 0)
    if (letters > 0) add(px(inherited(element, 'font-size'), 16) / 2, letters * CURVES_OF_LETTER)
  }
  return curves
}

/** How much an element's own transform or view box enlarges what is in it. @param extent for sizes that are not stated */
export function enlargementOf({ name, attributes }: Element, extent: number): number {
  const transform = attributes.get(name === 'pattern' ? 'patternTransform' : 'transform')
  const own = transform === undefined ? 1 : normOf(readTransform(transform))
  return (name === 'svg' || name === 'pattern') && attributes.has('viewBox')
    ? own * enlargementOfViewBox(attributes, attributes, extent)
    : own
}

/** The same for what a reference draws. @param box of the element that refers, if what is referred to is in its units */
export function enlargementOfReference(
  from: Element,
  { name, attributes }: Element,
  { extent, boxOf }: { extent: number; boxOf: (element: Element) => Box | null },
): number {
  if (name === 'symbol' && attributes.has('viewBox')) return enlargementOfViewBox(from.attributes, attributes, extent)
  const units = UNITS[name]
  if (units === undefined || attributes.get(units) !== 'objectBoundingBox') return 1
  const box = boxOf(from)
  return Math.max(extent, box?.width ?? 0, box?.height ?? 0)
}

const UNITS: Readonly<Record<string, string>> = {
  clipPath: 'clipPathUnits',
  mask: 'maskContentUnits',
  pattern: 'patternContentUnits',
}

type Attributes = ReadonlyMap<string, string>

function enlargementOfViewBox(sides: Attributes, box: Attributes, extent: number): number {
  const { width, height } = viewBoxOf(box.get('viewBox')) ?? { width: extent, height: extent }
  const of = (side: string) => Number(sides.get(side) ?? extent) || extent
  const [x, y] = [of('width') / width, of('height') / height]
  return /none|slice/.test(box.get('preserveAspectRatio') ?? '') ? Math.max(x, y) : Math.min(x, y)
}

/** How much a matrix enlarges at most: its spectral norm. */
function normOf([a, b, c, d]: readonly [number, number, number, number, number, number]): number {
  const [x, y, both] = [a * a + b * b, c * c + d * d, a * c + b * d]
  return Math.sqrt((x + y + Math.hypot(x - y, 2 * both)) / 2)
}
