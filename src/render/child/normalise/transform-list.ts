import type { Box } from './box.ts'
import { length, px } from './lengths.ts'
import { IDENTITY, isFiniteMatrix, type Matrix, multiply, rotation, scaling, translation } from './matrix.ts'
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

export function translateBy([x = '0', y = '0']: readonly string[], reference: Reference): Matrix {
  return translation(along(x, 'x', reference), along(y, 'y', reference))
}

export function rotateBy(text: string): Matrix {
  const parts = split(text.toLowerCase(), ' ')
  const angle = degreesOf(parts.find((part) => /[a-z]$/.test(part) && /\d/.test(part)) ?? '0')
  if (parts.includes('x')) return scaling(1, Math.cos((angle * Math.PI) / 180))
  if (parts.includes('y')) return scaling(Math.cos((angle * Math.PI) / 180), 1)
  return rotation(angle)
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

/** The product of a list of transform functions; null if one of them is invalid. */
export function parseTransform(list: string, reference: Reference & { isAttribute: boolean }): Matrix | null {
  const found = calls(list)
  if (!found || found.length > 1000) return null
  let matrix: Matrix = IDENTITY
  for (const { name, inside } of found) {
    const args = reference.isAttribute ? (inside.match(NUMBER) ?? []) : split(inside, inside.includes(',') ? ',' : ' ')
    if (!reference.isAttribute && LACKS_UNIT[name]?.some((at) => isUnitless(args[at]))) return null
    const next = matrixOfCall(name, args, reference)
    if (next === null || !isFiniteMatrix(next)) return null
    matrix = multiply(matrix, next)
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
const cos = (degrees: number) => Math.cos((degrees * Math.PI) / 180)

function matrixOfCall(name: string, args: readonly string[], reference: Reference): Matrix | null {
  const [first = '', second] = args
  switch (name) {
    case 'matrix': {
      const numbers = args.map(Number)
      return numbers.length === 6 ? (numbers as unknown as Matrix) : null
    }
    case 'matrix3d': {
      const n = args.map(Number)
      return n.length === 16
        ? ([n[0], n[1], n[4], n[5], n[12], n[13]].map((value) => value ?? 0) as unknown as Matrix)
        : null
    }
    case 'translate':
    case 'translate3d':
      return translateBy([first, second ?? '0'], reference)
    case 'translatex':
      return translateBy([first, '0'], reference)
    case 'translatey':
      return translateBy(['0', first], reference)
    case 'scale':
    case 'scale3d':
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
    case 'rotatex':
      return scaling(1, cos(degreesOf(first)))
    case 'rotatey':
      return scaling(cos(degreesOf(first)), 1)
    case 'rotate3d': {
      const [x, y, z] = args.map(Number) as [number, number, number]
      const angle = degreesOf(args[3] ?? '')
      if (z !== 0) return rotation(angle * Math.sign(z))
      return scaling(y !== 0 ? cos(angle) : 1, x !== 0 ? cos(angle) : 1)
    }
    case 'skew':
      return [1, tan(degreesOf(second ?? '0')), tan(degreesOf(first)), 1, 0, 0]
    case 'skewx':
      return [1, 0, tan(degreesOf(first)), 1, 0, 0]
    case 'skewy':
      return [1, tan(degreesOf(first)), 0, 1, 0, 0]
    case 'translatez':
    case 'scalez':
    case 'perspective':
      return IDENTITY
    default:
      return null
  }
}

/** The product of an attribute's list on its own, where it matters how much it enlarges; identity if it is invalid. */
export function readTransform(list: string): Matrix {
  const nowhere = { x: 0, y: 0, width: 0, height: 0 }
  return parseTransform(list, { box: nowhere, context: null as never, isAttribute: true }) ?? IDENTITY
}
