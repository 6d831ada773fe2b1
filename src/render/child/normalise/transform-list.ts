import type { Box } from './box.ts'
import { length, px } from './lengths.ts'
import { IDENTITY, isFiniteMatrix, type Matrix, multiply, rotation, scaling, translation } from './matrix.ts'
import { type Matrix3d, multiply3d, perspective3d, rotation3d, scaling3d, to3d, translation3d } from './matrix3d.ts'
import { type Context, calls, evaluate, split } from './values.ts'

/** What lengths in a transform are relative to. */
export interface Reference {
  readonly box: Box
  readonly context: Context
}

const LENGTHS = { x: length('x'), y: length('y'), other: length('other') }

/** px of a length; percentages are of the box. */
export function along(text: string, axis: keyof typeof LENGTHS, { box, context }: Reference): number {
  const value = evaluate(LENGTHS[axis](text), { ...context, viewport: box })
  return px(value ?? undefined, 0)
}

export function translateBy([x = '0', y = '0', z = '0']: readonly string[], reference: Reference): Matrix3d {
  return translation3d(along(x, 'x', reference), along(y, 'y', reference), along(z, 'other', reference))
}

/** `90deg`, `y 90deg` or `1 1 0 90deg`. */
export function rotateBy(text: string): Matrix3d {
  const parts = split(text.toLowerCase(), ' ')
  const angle = degreesOf(parts.find((part) => /[a-z]$/.test(part) && /\d/.test(part)) ?? '0')
  const [x, y, z] = parts.filter((part) => /^[+-]?[\d.]+(?:e[+-]?\d+)?$/.test(part)).map(Number)
  if (x !== undefined && y !== undefined && z !== undefined) return rotation3d([x, y, z], angle)
  if (parts.includes('x')) return rotation3d([1, 0, 0], angle)
  if (parts.includes('y')) return rotation3d([0, 1, 0], angle)
  return to3d(rotation(angle))
}

/** `1.5`, `1 2` or `1 2 1`, as numbers or percentages. */
export function scaleBy(text: string): Matrix3d {
  const [x = 1, y = x, z = 1] = split(text, ' ').map(numberOf)
  return scaling3d(x, y, z)
}

export const numberOf = (text: string): number =>
  text.trim().endsWith('%') ? Number.parseFloat(text) / 100 : Number(text)

const TURNS: Readonly<Record<string, number>> = { '': 1, deg: 1, rad: 180 / Math.PI, grad: 0.9, turn: 360 }

/** Degrees of a CSS angle or a plain number; NaN for anything else. */
export function degreesOf(text: string): number {
  const [, number = 'NaN', unit = ''] =
    /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([a-z]*)$/.exec(text.trim().toLowerCase()) ?? []
  return Number(number) * (TURNS[unit] ?? Number.NaN)
}

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi

const CALLS_MAX = 1000

/** The product of a list of transform functions in attribute syntax; null if one of them is invalid. */
export function parseTransform(list: string, reference: Reference): Matrix | null {
  const found = calls(list)
  if (!found || found.length > CALLS_MAX) return null
  let matrix: Matrix = IDENTITY
  for (const { name, inside } of found) {
    const next = matrixOfCall(name, inside.match(NUMBER) ?? [], reference)
    if (next === null || !isFiniteMatrix(next)) return null
    matrix = multiply(matrix, next)
  }
  return matrix
}

/** The same in CSS syntax. */
export function parseTransform3d(list: string, reference: Reference): Matrix3d | null {
  const found = calls(list)
  if (!found || found.length > CALLS_MAX) return null
  let matrix: Matrix3d | null = null
  for (const { name, inside } of found) {
    const args = split(inside, inside.includes(',') ? ',' : ' ')
    if (LACKS_UNIT[name]?.some((at) => isUnitless(args[at]))) return null
    const flat = matrixOfCall(name, args, reference)
    const next = flat === null ? matrix3dOfCall(name, args, reference) : to3d(flat)
    if (!next?.every(Number.isFinite)) return null
    matrix = matrix === null ? next : multiply3d(matrix, next)
  }
  return matrix
}

/** The arguments that CSS reads as lengths or angles, for which a number other than 0 is invalid. */
const LACKS_UNIT: Readonly<Record<string, readonly number[]>> = {
  translate: [0, 1],
  translate3d: [0, 1],
  translatex: [0],
  translatey: [0],
  rotate: [0],
  rotatez: [0],
  skew: [0, 1],
  skewx: [0],
  skewy: [0],
}
/** Whether all functions of a CSS value are known, with units where CSS requires them. An invalid value has no effect. */
export function isTransform(value: string): boolean {
  const found = calls(value)
  if (found === null) return false
  return found.every(({ name, inside }) => {
    if (!FUNCTIONS.has(name)) return false
    const args = split(inside, inside.includes(',') ? ',' : ' ')
    return !LACKS_UNIT[name]?.some((at) => isUnitless(args[at]))
  })
}
const FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'matrix matrix3d translate translate3d translatex translatey translatez scale scale3d scalex scaley scalez ' +
    'rotate rotate3d rotatex rotatey rotatez skew skewx skewy perspective'
  ).split(' '),
)
const isUnitless = (text: string | undefined): boolean =>
  text !== undefined && Number(text) !== 0 && text.trim() !== '' && Number.isFinite(Number(text))

const tan = (degrees: number) => Math.tan((degrees * Math.PI) / 180)

function matrixOfCall(name: string, args: readonly string[], reference: Reference): Matrix | null {
  const [first = '', second] = args
  switch (name) {
    case 'matrix': {
      const numbers = args.map(Number)
      return numbers.length === 6 ? (numbers as unknown as Matrix) : null
    }
    case 'translate':
      return translation(along(first, 'x', reference), along(second ?? '0', 'y', reference))
    case 'translatex':
      return translation(along(first, 'x', reference), 0)
    case 'translatey':
      return translation(0, along(first, 'y', reference))
    case 'scale':
      return scaling(numberOf(first), numberOf(second ?? first))
    case 'scalex':
      return scaling(numberOf(first), 1)
    case 'scaley':
      return scaling(1, numberOf(first))
    case 'rotate':
    case 'rotatez': {
      if (args.length !== 3) return rotation(degreesOf(first))
      const [x, y] = [Number(args[1]), Number(args[2])]
      return multiply(multiply(translation(x, y), rotation(degreesOf(first))), translation(-x, -y))
    }
    case 'skew':
      return [1, tan(degreesOf(second ?? '0')), tan(degreesOf(first)), 1, 0, 0]
    case 'skewx':
      return [1, 0, tan(degreesOf(first)), 1, 0, 0]
    case 'skewy':
      return [1, tan(degreesOf(first)), 0, 1, 0, 0]
    default:
      return null
  }
}

function matrix3dOfCall(name: string, args: readonly string[], reference: Reference): Matrix3d | null {
  const [first = ''] = args
  switch (name) {
    case 'matrix3d': {
      const columns = args.map(Number)
      if (columns.length !== 16) return null
      return columns.map((_, index) => columns[(index & 3) * 4 + (index >> 2)] as number)
    }
    case 'translate3d':
      return translateBy(args, reference)
    case 'translatez':
      return translateBy(['0', '0', first], reference)
    case 'scale3d':
      return scaling3d(numberOf(first), numberOf(args[1] ?? ''), numberOf(args[2] ?? ''))
    case 'scalez':
      return scaling3d(1, 1, numberOf(first))
    case 'rotatex':
      return rotation3d([1, 0, 0], degreesOf(first))
    case 'rotatey':
      return rotation3d([0, 1, 0], degreesOf(first))
    case 'rotate3d': {
      const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = args.map(Number)
      return rotation3d([x, y, z], degreesOf(args[3] ?? ''))
    }
    case 'perspective':
      return first.trim().toLowerCase() === 'none' ? to3d(IDENTITY) : perspective3d(along(first, 'other', reference))
    default:
      return null
  }
}

/** The product of a resolved attribute's list, which has no units or percentages; identity if it is invalid. */
export function readTransform(list: string): Matrix {
  const nowhere = { x: 0, y: 0, width: 0, height: 0 }
  return parseTransform(list, { box: nowhere, context: null as never }) ?? IDENTITY
}
