import { secondsOf, valueAt } from './interpolate.ts'
import { measurePath } from './measured-path.ts'
import type { Element, Tree } from './tree.ts'
import { print } from './values.ts'

/** Limited, because the path has to be measured. */
const SEGMENTS_MAX = 1000

/**
 * The position to which `animateMotion` has moved its target at a fraction of its duration, as a transform in attribute syntax; null if
 * the animation is not understood. SVG Animations 2, 9.7: `mpath` and `path` override `values`, which overrides `from`, `to` and `by`.
 */
export function motionAt(animation: Element, { tree, share }: { tree: Tree; share: number }): string | null {
  const data = pathOf(animation, tree)
  const path = measurePath(data, SEGMENTS_MAX)
  if (!path) return null
  const along = alongPath(animation.given, share)
  const { x, y } = path.at(path.length * along)
  const turn = turnAt(animation.given.rotate, (offset) => path.at(path.length * (along + offset)))
  return `translate(${print(x)} ${print(y)})${turn === 0 ? '' : ` rotate(${print(turn)})`}`
}

/** Data of the path that it moves along; '' if there is none. */
function pathOf({ given, children }: Element, tree: Tree): string {
  for (const child of children) {
    if (typeof child === 'string' || child.name !== 'mpath') continue
    const href = child.given.href?.trim() ?? ''
    return tree.ids.get(href.slice(1))?.given.d ?? ''
  }
  if (given.path) return given.path
  const points = given.values?.split(';') ?? [given.from ?? '0,0', given.to ?? given.by ?? '']
  const wanted = points.filter((point) => /^\s*[+-]?[\d.]+(?:\s*,\s*|\s+)[+-]?[\d.]+\s*$/.test(point))
  return wanted.length > 0 && wanted.length <= SEGMENTS_MAX ? `M${wanted.join('L')}` : ''
}

/** The fraction of the path covered, from `keyPoints` if given. */
function alongPath({ keyPoints, keyTimes }: Readonly<Record<string, string>>, share: number): number {
  const points = keyPoints?.split(';').map((point) => point.trim())
  const times = keyTimes?.split(';').map(Number)
  if (!points || times?.length !== points.length) return share
  const along = Number(valueAt(points, share, times))
  return along >= 0 && along <= 1 ? along : share
}

type PointAt = (offset: number) => { x: number; y: number }

function turnAt(rotate: string | undefined, pointAt: PointAt): number {
  const word = rotate?.trim() ?? '0'
  if (!word.startsWith('auto')) return Number(word) || 0
  const [before, after] = [pointAt(-0.001), pointAt(0.001)]
  const angle = (Math.atan2(after.y - before.y, after.x - before.x) * 180) / Math.PI
  return word === 'auto-reverse' ? angle + 180 : angle
}

/** The fraction of its duration that has passed, 0 to 1; an animation that freezes is at its end. */
export function shareOf({ given }: Element, { now, isLoop }: { now: number; isLoop: boolean }): number {
  if (given.fill === 'freeze' && !isLoop) return 1
  const duration = secondsOf(given.dur) ?? 0
  const phase = duration > 0 ? (now - (secondsOf(given.begin?.split(';')[0]) ?? 0)) / duration : 0.5
  if (phase < 0) return 0
  return isLoop ? phase % 1 : 0.5
}
