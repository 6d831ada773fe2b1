import { px } from './lengths.ts'
import type { Outline } from './path-data.ts'
import { type Element, type Tree, type Work, walk } from './tree.ts'
import { isStroked, NO_WORK, work } from './work.ts'

/** Where an outline is drawn, and what measures path data. */
export interface OutlinePlace {
  readonly outlineOf: (data: string) => Outline
  /** The root's larger side in user units. */
  readonly extent: number
  /** From the element's units to the root's; null for what is drawn by reference, which may be enlarged. */
  readonly scale: number | null
  /** Whether a `use` has a stroke, which what it draws inherits. */
  readonly hasStrokedUse: boolean
}

export function hasStrokedUse(tree: Tree): boolean {
  for (const element of walk(tree.root)) if (element.name === 'use' && isStroked(element)) return true
  return false
}

/** Longer ones are as high as the picture, or as bad. */
const SHORT_CHARS = 2000
/** The two sides of a stroke, and joins. */
const STROKED_SIDES = 2.2
/** How often a line of pixels crosses the outline of a circle, and the curves of a rectangle. */
const CROSSINGS_OF_ROUND = 2
const CROSSINGS_OF_CORNERS = 0.5
const CURVES_OF_ROUND = 4
/** Art crosses its own box a few times without crossing itself. */
const CROSSINGS_OF_ART = 5

/**
 * What the outline of a path, a list of points or something round takes in addition to any shape.
 *
 * cairo, which librsvg draws with, finds every crossing of a path's segments: 4,000 long ones take 2 s, 16,000 take 49 s. resvg keeps the
 * segments of each line of pixels in order: they take 0.08 and 0.5 s, 109,000 take 10 s. Their number grows with the segments and with how
 * often the outline crosses its own box; an outline that is stroked is drawn along both of its sides too.
 */
export function workOfOutline(element: Element, at: OutlinePlace): Work {
  const { name, attributes } = element
  const size = (...names: string[]) => Math.max(...names.map((each) => px(attributes.get(each))))
  if (name === 'circle' || name === 'ellipse')
    return workOfRound(element, { height: 2 * size('r', 'ry', 'rx'), crossings: CROSSINGS_OF_ROUND, at })
  if (name === 'rect')
    return size('rx', 'ry') > 0
      ? workOfRound(element, { height: size('height'), crossings: CROSSINGS_OF_CORNERS, at })
      : NO_WORK
  if (name !== 'path' && name !== 'polyline' && name !== 'polygon') return NO_WORK
  const data = attributes.get(name === 'path' ? 'd' : 'points') ?? ''
  if (data === '') return NO_WORK
  const { segments, length, height, curves } = at.outlineOf(data)
  const sides = isStroked(element) || (at.scale === null && at.hasStrokedUse) ? STROKED_SIDES : 1
  const crossings = height > 0 ? Math.min(length / height, segments) : 0
  if (data.length < SHORT_CHARS) {
    const curved = curves.values().reduce((sum, count) => sum + count, 0)
    return workOfShort({ segments, curved, crossings, sides, share: shareOfHeight(height, at) })
  }
  const all = sides * crossings
  return work(0.0006 * segments + 0.05 * all + 0.000_0023 * all ** 2, 0.0045 * segments + 0.000_25 * segments * all)
}

function workOfRound(
  element: Element,
  { height, crossings, at }: { height: number; crossings: number; at: OutlinePlace },
): Work {
  const [segments, sides] = [CURVES_OF_ROUND, STROKED_SIDES]
  if (!isStroked(element)) return NO_WORK
  return workOfShort({ segments, curved: segments, crossings, sides, share: shareOfHeight(height, at) })
}

/** Of the picture, 0 to 1. */
const shareOfHeight = (height: number, { extent, scale }: OutlinePlace): number =>
  scale === null ? 1 : Math.min(1, (height * scale) / extent)

interface Short {
  readonly segments: number
  readonly curved: number
  /** Of a line of pixels with it. */
  readonly crossings: number
  readonly sides: number
  readonly share: number
}

function workOfShort({ segments, curved, crossings, sides, share }: Short): Work {
  const isStroked = sides > 1
  const lines = sides * crossings * share
  const crossed = 0.0004 * (segments + curved) * sides * Math.max(0, crossings - CROSSINGS_OF_ART)
  return work(
    (isStroked ? 0.006 : 0.0005) * segments + 0.03 * lines,
    (isStroked ? 0.0068 : 0.0013) * segments + 0.02 * lines + crossed,
  )
}
