import { LIMITS, tooComplex } from './limits.ts'
import { type Element, elementsOf } from './tree.ts'

/** Costs are computed for a picture of this side, the largest in a typical grid. */
const SIDE = 512

/**
 * The cost of a filter primitive, in drawn elements, measured on resvg 0.34 at 512 px: a blur takes 8 ms, ten octaves of turbulence 110
 * ms, and morphology grows with its kernel's area (0.8 s at a radius of 51 px).
 * @param extent the root's larger side in user units
 */
export function costOfPrimitive({ name, attributes }: Element, extent: number): number {
  const pair = (attribute: string, fallback: number) => {
    const [first = fallback, second = first] = (attributes.get(attribute) ?? '').match(/[\d.]+(?:e[+-]?\d+)?/gi) ?? []
    return [Number(first) || 0, Number(second) || 0] as const
  }
  switch (name) {
    case 'feMorphology': {
      const [x, y] = pair('radius', 0)
      const px = SIDE / extent
      return 20 + (2 * x * px + 1) * (2 * y * px + 1)
    }
    case 'feConvolveMatrix': {
      const [x, y] = pair('order', 3)
      return 20 + 4 * x * y
    }
    case 'feTurbulence':
      return 20 + 300 * pair('numOctaves', 1)[0]
    case 'feDiffuseLighting':
    case 'feSpecularLighting':
      return 60
    default:
      return 20
  }
}

/** Refuses filters with more primitives than real art has. */
export function checkFilter(filter: Element): void {
  let primitives = 0
  let parts = 0
  for (const primitive of elementsOf(filter)) {
    primitives++
    parts += primitive.children.length
  }
  if (primitives > LIMITS.filterPrimitives || parts > 4 * LIMITS.filterPrimitives)
    throw tooComplex(`A filter has ${primitives} primitives with ${parts} parts.`)
}
