import { px } from './lengths.ts'
import { outlineOf } from './path-data.ts'
import type { Element, Work } from './tree.ts'
import { addWork, NO_WORK, SHORT_OUTLINE_CHARS, work } from './work.ts'

const SIDE_PX = 512
/** Larger coordinates do not fit into cairo's numbers. */
const REACH_MAX_PX = 8e6

/**
 * What a curve far beyond the picture takes: engines split it into lines as short as within, whose number grows with the square root of its
 * size. @param extent the root's larger side in user units
 */
export function workOfReach(element: Element, extent: number): Work {
  const reachPx = (reachOf(element) * SIDE_PX) / extent
  if (!(reachPx > 4 * SIDE_PX)) return NO_WORK
  return addWork(NO_WORK, work(0.0035, 0.002), Math.sqrt(Math.min(reachPx, REACH_MAX_PX)))
}

/** Most data has no number that is worth a look. */
const IS_FAR = /\d{5}|e/i

function reachOf({ name, attributes }: Element): number {
  if (name === 'circle' || name === 'ellipse')
    return Math.max(...['r', 'rx', 'ry'].map((radius) => px(attributes.get(radius))))
  const data = name === 'path' ? (attributes.get('d') ?? '') : ''
  return data.length < SHORT_OUTLINE_CHARS && IS_FAR.test(data) ? outlineOf(data).length : 0
}
