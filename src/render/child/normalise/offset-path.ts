import { rotation } from './matrix.ts'
import { type Matrix3d, multiply3d, to3d, translation3d } from './matrix3d.ts'
import { measurePath } from './measured-path.ts'
import { pathOf } from './property-values.ts'
import { along, degreesOf, type Reference } from './transform-list.ts'
import { split } from './values.ts'

/** Limited, because the path has to be measured. */
const SEGMENTS_MAX = 1000

/**
 * The transform of `offset-path: path(...)`, `offset-distance` and `offset-rotate`: an element's origin is moved to a point of the path and
 * turned along with it (Motion Path 1, 4). Null if there is no path. Other shapes, anchors and positions are ignored.
 */
export function offsetBy(
  style: ReadonlyMap<string, string>,
  [originX, originY]: readonly [x: number, y: number, ...unknown[]],
  reference: Reference,
): Matrix3d | null {
  const data = pathOf(style.get('offset-path') ?? '')
  const path = typeof data === 'string' ? measurePath(data, SEGMENTS_MAX) : null
  if (!path) return null
  const { length } = path
  const distance = style.get('offset-distance') ?? '0'
  const wanted = distance.endsWith('%')
    ? (length * Number.parseFloat(distance)) / 100
    : along(distance, 'other', reference)
  const at = Math.min(length, Math.max(0, wanted))
  const [before, point, after] = [path.at(at - length / 1000), path.at(at), path.at(at + length / 1000)]
  const tangent = (Math.atan2(after.y - before.y, after.x - before.x) * 180) / Math.PI
  const moved = translation3d(point.x - originX, point.y - originY, 0)
  return multiply3d(moved, to3d(rotation(turnOf(style.get('offset-rotate') ?? 'auto', tangent))))
}

/** `auto`, `reverse`, an angle, or one of the words with an angle. */
function turnOf(text: string, tangent: number): number {
  const parts = split(text.toLowerCase(), ' ')
  const own = degreesOf(parts.find((part) => /\d/.test(part)) ?? '0')
  const base = parts.includes('reverse') ? tangent + 180 : parts.includes('auto') ? tangent : 0
  return base + (Number.isFinite(own) ? own : 0)
}
