import type { Box } from './box.ts'
import { along, type Reference } from './transform-list.ts'
import { print, split } from './values.ts'

/**
 * Path data of a box with the corners given by `border-radius`, clockwise from the upper left; null if all are sharp. Overlapping radii
 * are scaled down together. CSS Backgrounds 3, 5.
 */
export function roundedBox(box: Box, radius: string, reference: Reference): string | null {
  const [across = '0', down = across] = split(radius, '/')
  const of = (text: string, axis: 'x' | 'y'): Corners => {
    const [a = '0', b = a, c = a, d = b] = split(text, ' ')
    const px = (part: string) => Math.max(0, along(part, axis, { ...reference, box }))
    return [px(a), px(b), px(c), px(d)]
  }
  const [rx, ry] = [of(across, 'x'), of(down, 'y')]
  const sums = [
    box.width / (rx[0] + rx[1]),
    box.width / (rx[2] + rx[3]),
    box.height / (ry[0] + ry[3]),
    box.height / (ry[1] + ry[2]),
  ]
  const shrink = Math.min(1, ...sums.filter((share) => share >= 0))
  if (rx.every((radius, corner) => radius * (ry[corner] ?? 0) * shrink === 0)) return null
  const { x, y, width, height } = box
  const [right, bottom] = [x + width, y + height]
  const [a, b, c, d] = [0, 1, 2, 3].map((corner) => [rx[corner as 0] * shrink, ry[corner as 0] * shrink] as const) as [
    Corner,
    Corner,
    Corner,
    Corner,
  ]
  const arc = ([w, h]: Corner, toX: number, toY: number) =>
    w > 0 && h > 0 ? `A${print(w)} ${print(h)} 0 0 1 ${print(toX)} ${print(toY)}` : `L${print(toX)} ${print(toY)}`
  return [
    `M${print(x + a[0])} ${print(y)}H${print(right - b[0])}`,
    arc(b, right, y + b[1]),
    `V${print(bottom - c[1])}`,
    arc(c, right - c[0], bottom),
    `H${print(x + d[0])}`,
    arc(d, x, bottom - d[1]),
    `V${print(y + a[1])}`,
    arc(a, x + a[0], y),
    'z',
  ].join('')
}

type Corners = readonly [number, number, number, number]
type Corner = readonly [rx: number, ry: number]
