import type { Size } from './box.ts'
import { px } from './lengths.ts'
import { IDENTITY, type Matrix, multiply, scaling, translation } from './matrix.ts'
import { PAGE_SIDE, viewBoxOf } from './size.ts'
import type { Element } from './tree.ts'

/** The viewport that percentages below an element refer to. */
export function viewportIn({ name, attributes }: Element, scope: { viewport: Size | null }): Size | null {
  if (name === 'symbol' || name === 'marker' || name === 'svg' || name === 'pattern') {
    const box = viewBoxOf(attributes.get('viewBox'))
    if (box) return { width: box.width, height: box.height }
    if (name === 'symbol') return null
    if (name !== 'svg') return scope.viewport
    const { viewport } = scope
    if (!viewport) return null
    const side = (value: string | undefined, all: number) =>
      value === undefined || value === 'auto' ? all : px(value, all)
    return {
      width: side(attributes.get('width'), viewport.width),
      height: side(attributes.get('height'), viewport.height),
    }
  }
  return scope.viewport
}

/** The size at which the picture fills the box of our reference pictures: what viewport units refer to. */
export const pageOf = ({ width, height }: Size): Size => {
  const scale = PAGE_SIDE / Math.max(width, height)
  return { width: width * scale, height: height * scale }
}

/** The matrix from the user space of an svg to the box that it fills. */
export function viewBoxMatrix(root: Element, { width, height }: Size): Matrix {
  const box = viewBoxOf(root.attributes.get('viewBox'))
  if (!box) return IDENTITY
  const [align = 'xMidYMid', meet = 'meet'] = (root.attributes.get('preserveAspectRatio') ?? '')
    .split(' ')
    .filter(Boolean)
  const [sx, sy] = [width / box.width, height / box.height]
  if (align === 'none') return multiply(scaling(sx, sy), translation(-box.x, -box.y))
  const scale = meet === 'slice' ? Math.max(sx, sy) : Math.min(sx, sy)
  const rest = (word: string, min: string, max: string, free: number) =>
    word.includes(min) ? 0 : word.includes(max) ? free : free / 2
  const x = rest(align, 'xMin', 'xMax', width - box.width * scale)
  const y = rest(align, 'YMin', 'YMax', height - box.height * scale)
  return multiply(multiply(translation(x, y), scaling(scale, scale)), translation(-box.x, -box.y))
}

const VIEWS: ReadonlySet<string> = new Set(['svg', 'symbol', 'pattern', 'marker'])

/** A viewBox without width or height hides the element. Asked before an unusable one of the root is replaced. SVG 2, 8.6. */
export const hidesContent = ({ name, attributes }: Element): boolean =>
  VIEWS.has(name) &&
  (attributes
    .get('viewBox')
    ?.split(' ')
    .slice(2)
    .some((side) => Number(side) === 0) ??
    false)
