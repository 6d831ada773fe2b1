import { px } from './lengths.ts'
import { measurePath } from './measured-path.ts'
import { targetOf } from './references.ts'
import type { Element, Tree } from './tree.ts'

/** A path that text is laid out along. */
export interface TextPath {
  /** Offset of the first letter, px along the path. */
  readonly startOffset: number
  /** The point at a distance in px along the path, with its direction in radians; null beyond either end. */
  at(distance: number): { readonly x: number; readonly y: number; readonly angle: number } | null
}

/** A percentage refers to the length of the path, and a length to the path's own `pathLength`. */
function offsetOf(text: string | undefined, length: number, stated: number): number {
  if (text?.endsWith('%')) return (Number.parseFloat(text) / 100) * length
  return px(text) * (stated > 0 ? length / stated : 1)
}

/** Limited, because each path has to be measured. */
const SEGMENTS_MAX = 1000

/** The path that a `textPath` refers to; null if there is none, or it is too long to measure. */
export function openTextPath(element: Element, tree: Tree): TextPath | null {
  const target = targetOf(tree, element.attributes.get('href'))
  const data = target?.attributes.get('d')
  const path = data ? measurePath(data, SEGMENTS_MAX) : null
  if (!path || path.length === 0) return null
  const { length } = path
  return {
    startOffset: offsetOf(element.attributes.get('startOffset'), length, Number(target?.given.pathLength)),
    at(distance) {
      if (distance < 0 || distance > length) return null
      const step = length / 1000
      const [before, after] = [path.at(distance - step), path.at(distance + step)]
      const { x, y } = path.at(distance)
      return { x, y, angle: Math.atan2(after.y - before.y, after.x - before.x) }
    },
  }
}
