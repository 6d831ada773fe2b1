import type { Size } from './box.ts'
import { px } from './lengths.ts'
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
