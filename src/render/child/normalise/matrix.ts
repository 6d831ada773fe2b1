import type { Box } from './box.ts'
import { print } from './values.ts'

/** `matrix(a b c d e f)` as in SVG. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]
export const translation = (x: number, y: number): Matrix => [1, 0, 0, 1, x, y]
export const scaling = (x: number, y: number): Matrix => [x, 0, 0, y, 0, 0]

/** Applies the right one first, then the left one. */
export const multiply = (m: Matrix, n: Matrix): Matrix => [
  m[0] * n[0] + m[2] * n[1],
  m[1] * n[0] + m[3] * n[1],
  m[0] * n[2] + m[2] * n[3],
  m[1] * n[2] + m[3] * n[3],
  m[0] * n[4] + m[2] * n[5] + m[4],
  m[1] * n[4] + m[3] * n[5] + m[5],
]

/** @param degrees clockwise */
export function rotation(degrees: number): Matrix {
  const radians = (degrees * Math.PI) / 180
  // Quarter turns are exact.
  const [sin, cos] =
    degrees % 90 === 0
      ? [Math.round(Math.sin(radians)), Math.round(Math.cos(radians))]
      : [Math.sin(radians), Math.cos(radians)]
  return [cos, sin, -sin, cos, 0, 0]
}

export const apply = (m: Matrix, x: number, y: number): [number, number] => [
  m[0] * x + m[2] * y + m[4],
  m[1] * x + m[3] * y + m[5],
]

export const isIdentity = (m: Matrix): boolean =>
  m.every((value, index) => Math.abs(value - (IDENTITY[index] as number)) < 1e-9)

export const isFiniteMatrix = (m: Matrix): boolean => m.every(Number.isFinite)

export const printMatrix = (m: Matrix): string => `matrix(${m.map(print).join(' ')})`

/** The bounding box of a transformed box. */
export function transformBox(m: Matrix, { x, y, width, height }: Box): Box {
  const corners = [apply(m, x, y), apply(m, x + width, y), apply(m, x, y + height), apply(m, x + width, y + height)]
  const xs = corners.map(([cx]) => cx)
  const ys = corners.map(([, cy]) => cy)
  const [left, top] = [Math.min(...xs), Math.min(...ys)]
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top }
}

export function union(a: Box | null, b: Box | null): Box | null {
  if (!a || !b) return a ?? b
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)]
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  }
}
