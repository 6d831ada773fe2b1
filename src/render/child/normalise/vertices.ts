import { px } from './lengths.ts'
import { pathTools } from './libraries.ts'
import { countSegments } from './path-data.ts'
import type { Element } from './tree.ts'

/** A vertex of an outline, where a marker may be drawn. */
export interface Vertex {
  readonly x: number
  readonly y: number
  /** Degrees, clockwise from the positive x axis: the bisector of the incoming and outgoing directions. */
  readonly angle: number
}

type Direction = readonly [x: number, y: number]

interface Point {
  x: number
  y: number
  comes: Direction | null
  goes: Direction | null
}

/** No vertices are computed for paths with more segments. */
const SEGMENTS_MAX = 50_000

/**
 * The vertices of a shape in the order of its data, which defines start, mid and end; the first point of a subpath is a vertex like any
 * other. Null if the shape takes no markers or its data is invalid. https://svgwg.org/svg2-draft/painting.html#MarkerProperties
 */
export function verticesOf({ name, attributes }: Element): Vertex[] | null {
  const of = (attribute: string) => px(attributes.get(attribute))
  if (name === 'line') return fromData(`M${of('x1')} ${of('y1')}L${of('x2')} ${of('y2')}`)
  if (name === 'polyline') return fromData(`M${attributes.get('points') ?? ''}`)
  if (name === 'polygon') return fromData(`M${attributes.get('points') ?? ''}Z`)
  return name === 'path' ? fromData(attributes.get('d') ?? '') : null
}

function fromData(data: string): Vertex[] | null {
  if (data.trim() === '' || data.trim() === 'M' || countSegments(data) > SEGMENTS_MAX) return null
  try {
    return read(pathTools().default.normalizePath(data) as unknown as Segment[])
  } catch {
    return null
  }
}

type Segment = readonly [command: string, ...numbers: number[]]

function read(segments: readonly Segment[]): Vertex[] {
  const points: Point[] = []
  let start: Point | null = null
  let current: Point | null = null
  for (const [command, ...n] of segments) {
    if (command === 'M') {
      current = { x: n[0] as number, y: n[1] as number, comes: null, goes: null }
      start = current
      points.push(current)
      continue
    }
    if (!current || !start) continue
    const from: Point = current
    const [x, y] = command === 'Z' ? [start.x, start.y] : [n.at(-2) as number, n.at(-1) as number]
    const [goes, comes] = command === 'Z' ? straight(from, x, y) : directions(command, from, n)
    from.goes ??= goes
    const next: Point = { x, y, comes, goes: null }
    if (command === 'Z') {
      // The first and the last point of a closed outline share one direction.
      next.goes = start.goes
      start.comes ??= comes
    }
    points.push(next)
    current = command === 'Z' ? { ...next, comes: null, goes: null } : next
    if (command === 'Z') start = current
  }
  return points.map(({ x, y, comes, goes }) => ({ x, y, angle: bisect(comes, goes) }))
}

const straight = (from: Point, x: number, y: number): [Direction | null, Direction | null] => {
  const direction = towards(x - from.x, y - from.y)
  return [direction, direction]
}

/** The directions in which a segment leaves its first and reaches its last point: towards the first control point that differs. */
function directions(command: string, from: Point, n: readonly number[]): [Direction | null, Direction | null] {
  const curve = command === 'A' ? arcToCubic(from, n) : n
  const points: [number, number][] = [[from.x, from.y]]
  for (let at = 0; at + 1 < curve.length; at += 2) points.push([curve[at] as number, curve[at + 1] as number])
  const last = points.at(-1) as [number, number]
  const leaves = points.slice(1).map(([x, y]) => towards(x - from.x, y - from.y))
  const reaches = points
    .slice(0, -1)
    .reverse()
    .map(([x, y]) => towards(last[0] - x, last[1] - y))
  return [leaves.find(Boolean) ?? null, reaches.find(Boolean) ?? null]
}

function arcToCubic(from: Point, n: readonly number[]): readonly number[] {
  const [rx = 0, ry = 0, rotation = 0, large = 0, sweep = 0, x = 0, y = 0] = n
  if (rx === 0 || ry === 0) return [x, y]
  return pathTools().default.arcToCubic(from.x, from.y, rx, ry, rotation, large, sweep, x, y)
}

const towards = (x: number, y: number): Direction | null => {
  const length = Math.hypot(x, y)
  return length > 1e-9 ? [x / length, y / length] : null
}

function bisect(comes: Direction | null, goes: Direction | null): number {
  const [a, b] = [comes ?? goes, goes ?? comes]
  if (!a || !b) return 0
  const [first, second] = [degrees(a), degrees(b)]
  let turn = second - first
  if (turn > 180) turn -= 360
  else if (turn <= -180) turn += 360
  return first + turn / 2
}

const degrees = ([x, y]: Direction): number => (Math.atan2(y, x) * 180) / Math.PI
