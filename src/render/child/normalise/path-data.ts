import type { Element } from './tree.ts'

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi
const COMMAND = /([a-z])([^a-df-z]*)/gi
const ARITY: Readonly<Record<string, number>> = { m: 2, l: 2, t: 2, h: 1, v: 1, c: 6, s: 4, q: 4, a: 7, z: 0 }

/** The number of segments in path data or a list of points, counted as a renderer would, in one pass without parsing numbers. */
export function countSegments(data: string): number {
  let segments = /^\s*[a-z]/i.test(data) ? 0 : Math.ceil(countNumbers(data) / 2)
  for (const [, letter = '', numbers = ''] of data.matchAll(COMMAND)) {
    const arity = ARITY[letter.toLowerCase()] || 1
    segments += Math.max(1, Math.ceil(countNumbers(numbers) / arity))
  }
  return segments
}

/** Counts the numbers of a list: one begins where a digit, a second dot or a sign cannot belong to the previous one. */
export function countNumbers(list: string): number {
  let count = 0
  let inside = false
  let dotted = false
  for (let index = 0; index < list.length; index++) {
    const code = list.charCodeAt(index)
    if (code >= 48 && code <= 57) {
      if (!inside) count++
      inside = true
    } else if (code === 46) {
      if (!inside || dotted) count++
      inside = dotted = true
    } else if (code === 69 || code === 101) {
      // An exponent with its sign belongs to the same number, and no dot may follow.
      dotted = true
      const next = list.charCodeAt(index + 1)
      if (next === 43 || next === 45) index++
    } else {
      inside = dotted = false
    }
  }
  return count
}

const numbersOf = (list: string | undefined): number[] => Array.from(list?.match(NUMBER) ?? [], Number)

/** An upper bound on the length of a shape's outline in its own units: control polygons instead of curves. */
export function lengthOf(shape: Element): number {
  const of = (name: string) => Math.abs(Number.parseFloat(shape.attributes.get(name) ?? '0')) || 0
  switch (shape.name) {
    case 'rect':
      return 2 * (of('width') + of('height'))
    case 'circle':
      return 7 * of('r')
    case 'ellipse':
      return 7 * Math.max(of('rx'), of('ry'))
    case 'line': {
      const signed = (name: string) => Number.parseFloat(shape.attributes.get(name) ?? '0') || 0
      return Math.hypot(signed('x2') - signed('x1'), signed('y2') - signed('y1'))
    }
    case 'polyline':
    case 'polygon':
      return 2 * lengthOfPath(shape.attributes.get('points') ?? '')
    case 'path':
      return lengthOfPath(shape.attributes.get('d') ?? '')
    default:
      return 0
  }
}

const lengthOfPath = (data: string): number => 2 * outlineOf(data).length

export interface Outline {
  readonly segments: number
  /** Of the control polygons, in the path's units. */
  readonly length: number
  readonly height: number
  /** How many curves there are, by the power of two that the length of their control polygon does not exceed. */
  readonly curves: ReadonlyMap<number, number>
}

/** Measures each path once, also if many shapes have the same: a style sheet may give it to all. */
export function openOutlines(): (data: string) => Outline {
  const outlines = new Map<string, Outline>()
  return (data) => {
    const known = outlines.get(data)
    if (known) return known
    const outline = outlineOf(data)
    outlines.set(data, outline)
    return outline
  }
}

/** Measures path data or a list of points. */
export function outlineOf(data: string): Outline {
  let [segments, length, top, bottom] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [x, y, startX, startY] = [0, 0, 0, 0]
  const goTo = (nextX: number, nextY: number, isDrawn = true) => {
    if (isDrawn) length += Math.hypot(nextX - x, nextY - y)
    x = nextX
    y = nextY
    if (y < top) top = y
    if (y > bottom) bottom = y
  }
  const curves = new Map<number, number>()
  const addCurve = (curve: number, count: number) => {
    const power = powerOf(curve)
    curves.set(power, (curves.get(power) ?? 0) + count)
  }
  const path = /^\s*[a-z]/i.test(data) ? data : `M${data}`
  for (const [, letter = '', list = ''] of path.matchAll(COMMAND)) {
    const command = letter.toLowerCase()
    const isRelative = letter === command
    const numbers = command === 'a' ? arcNumbersOf(list) : numbersOf(list)
    const arity = ARITY[command] || 1
    segments += Math.max(1, Math.ceil(numbers.length / arity))
    if (command === 'z') goTo(startX, startY)
    for (let at = 0; at + arity <= numbers.length; at += arity) {
      const [baseX, baseY] = isRelative ? [x, y] : [0, 0]
      const number = (offset: number) => numbers[at + offset] ?? 0
      if (command === 'h') goTo(baseX + number(0), y)
      else if (command === 'v') goTo(x, baseY + number(0))
      else if (command === 'a') {
        const radius = Math.min(Math.max(Math.abs(number(0)), Math.abs(number(1))), 1e12)
        length += 7 * radius
        addCurve(1.75 * radius, 4)
        goTo(baseX + number(5), baseY + number(6))
      } else {
        // The reflected control point of S and T is at most as far away as the previous one: twice that is enough.
        const before = length
        for (let point = 0; point < arity; point += 2)
          goTo(baseX + number(point), baseY + number(point + 1), command !== 'm' || at > 0)
        if (command === 'm' && at === 0) [startX, startY] = [x, y]
        if (command !== 'm' && command !== 'l') addCurve(length - before, 1)
      }
    }
  }
  return { segments, length, height: Math.max(0, bottom - top), curves }
}

/** The next power of two: nothing is taken for shorter than it is, however often it is enlarged by little. */
export const powerOf = (length: number): number => Math.ceil(Math.log2(Math.min(Math.max(length, 1e-30), 1e30)))

const ARC_NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy
const ARC_FLAG = /[01]/y

/** Arc flags may be written without separators: `a1 1 0 01.5.5`. */
function arcNumbersOf(list: string): number[] {
  const numbers: number[] = []
  for (let at = 0; at < list.length; ) {
    const place = numbers.length % 7
    const pattern = place === 3 || place === 4 ? ARC_FLAG : ARC_NUMBER
    pattern.lastIndex = at
    const found = pattern.exec(list)?.[0]
    if (found) numbers.push(Number(found))
    at += found?.length ?? 1
  }
  return numbers
}
