import { pathTools } from './libraries.ts'
import { countSegments } from './path-data.ts'

interface Point {
  readonly x: number
  readonly y: number
}

/** A path whose length is known, and whose points can be found without a walk along it. */
export interface MeasuredPath {
  /** In its own units. */
  readonly length: number
  /** The point at a distance along it; beyond an end, that end. */
  at(distance: number): Point
}

interface Known {
  readonly segments: number
  /** Null: it cannot be measured; undefined: it was not yet. */
  path?: MeasuredPath | null
}

/** Of the last paths: one may be that of every letter, or of every element that a rule matches, and measuring a thousand curves takes 2 ms. */
const measured = new Map<string, Known>()
let measuredChars = 0
const MEASURED_CHARS_MAX = 1_000_000

/** Measures path data; null if it has more segments than that. */
export function measurePath(data: string, segmentsMax: number): MeasuredPath | null {
  if (data === '') return null
  const known = measured.get(data) ?? remember(data)
  if (known.segments > segmentsMax) return null
  if (known.path === undefined) known.path = measureAll(data)
  return known.path
}

function remember(data: string): Known {
  if (measuredChars + data.length > MEASURED_CHARS_MAX) {
    measured.clear()
    measuredChars = 0
  }
  const known = { segments: countSegments(data) }
  measured.set(data, known)
  measuredChars += data.length
  return known
}

type Path = Parameters<ReturnType<typeof pathTools>['default']['getTotalLength']>[0]

/** Null for data that cannot be read. */
function measureAll(data: string): MeasuredPath | null {
  const tools = pathTools().default
  /** Each segment as a path of its own, and its distance from the beginning. */
  const parts: { readonly path: Path; readonly from: number }[] = []
  let start: Point | null = null
  let length = 0
  try {
    let [x, y, startX, startY] = [0, 0, 0, 0]
    for (const segment of tools.normalizePath(data)) {
      const isEnd = segment[0] === 'Z'
      const [toX, toY] = isEnd ? [startX, startY] : (segment.slice(-2) as [number, number])
      start ??= { x: toX, y: toY }
      if (segment[0] === 'M') [startX, startY] = [toX, toY]
      else {
        const path = [['M', x, y], isEnd ? ['L', toX, toY] : segment] as unknown as Path
        parts.push({ path, from: length })
        length += tools.getTotalLength(path)
      }
      ;[x, y] = [toX, toY]
    }
  } catch {
    return null
  }
  const [first] = parts
  if (!start || !Number.isFinite(length)) return null
  if (!first) return { length, at: () => start as Point }
  return {
    length,
    at(distance) {
      const place = Math.min(Math.max(distance, 0), length)
      let [low, high] = [0, parts.length]
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if ((parts[middle]?.from ?? 0) <= place) low = middle
        else high = middle
      }
      const { path, from } = parts[low] ?? first
      return tools.getPointAtLength(path, place - from)
    },
  }
}
