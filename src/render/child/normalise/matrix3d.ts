import type { Matrix } from './matrix.ts'

/** A 4 x 4 matrix, row by row. CSS Transforms 2, 13.1. */
export type Matrix3d = readonly number[]

export const to3d = ([a, b, c, d, e, f]: Matrix): Matrix3d => [a, c, 0, e, b, d, 0, f, 0, 0, 1, 0, 0, 0, 0, 1]

/** What Chromium draws of an SVG element: the plane's own part, without depth and perspective. */
export const flatten = (m: Matrix3d): Matrix =>
  [m[0], m[4], m[1], m[5], m[3], m[7]].map((value) => value ?? 0) as unknown as Matrix

/** Applies the right one first, then the left one. */
export const multiply3d = (m: Matrix3d, n: Matrix3d): Matrix3d =>
  Array.from({ length: 16 }, (_, index) => {
    const [row, column] = [index & 12, index & 3]
    let sum = 0
    for (let step = 0; step < 4; step++) sum += (m[row + step] as number) * (n[step * 4 + column] as number)
    return sum
  })

export const translation3d = (x: number, y: number, z: number): Matrix3d => [
  ...[1, 0, 0, x],
  ...[0, 1, 0, y],
  ...[0, 0, 1, z],
  ...[0, 0, 0, 1],
]

export const scaling3d = (x: number, y: number, z: number): Matrix3d => [
  ...[x, 0, 0, 0],
  ...[0, y, 0, 0],
  ...[0, 0, z, 0],
  ...[0, 0, 0, 1],
]

/** @param distance px; less than one counts as one */
export const perspective3d = (distance: number): Matrix3d => [
  ...[1, 0, 0, 0],
  ...[0, 1, 0, 0],
  ...[0, 0, 1, 0],
  ...[0, 0, -1 / Math.max(1, distance), 1],
]

/** A rotation about the axis through the origin and a point. */
export function rotation3d([x, y, z]: readonly [number, number, number], degrees: number): Matrix3d {
  const length = Math.hypot(x, y, z)
  if (length === 0) return scaling3d(1, 1, 1)
  const [u, v, w] = [x / length, y / length, z / length]
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  const rest = 1 - cos
  return [
    ...[cos + u * u * rest, u * v * rest - w * sin, u * w * rest + v * sin, 0],
    ...[u * v * rest + w * sin, cos + v * v * rest, v * w * rest - u * sin, 0],
    ...[u * w * rest - v * sin, v * w * rest + u * sin, cos + w * w * rest, 0],
    ...[0, 0, 0, 1],
  ]
}
