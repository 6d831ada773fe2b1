import { LIMITS, tooComplex } from './limits.ts'
import { type Element, elementsOf, type Work } from './tree.ts'
import { addWork, NO_WORK, work } from './work.ts'

/** Work is estimated for a picture of this side, the largest in a typical grid. */
const SIDE = 512

/** For a region as large as the picture. */
const PRIMITIVES: Readonly<Record<string, Work>> = {
  feGaussianBlur: work(24, 28),
  feDropShadow: work(31, 28),
  feColorMatrix: work(9, 12),
  feComposite: work(12, 11),
  feBlend: work(12, 11),
  feComponentTransfer: work(12, 13),
  feDiffuseLighting: work(11, 22),
  feSpecularLighting: work(19, 32),
  feDisplacementMap: work(11, 227),
  feMergeNode: work(9, 9),
  feImage: work(13, 0.5),
}
const OTHER_PRIMITIVE = work(4, 0.5)

/**
 * What a filter primitive takes for a region as large as the picture. Morphology grows with its kernel's area in resvg, with its radius in
 * librsvg.
 * @param extent the root's larger side in user units
 */
export function workOfPrimitive({ name, attributes, parent }: Element, extent: number): Work {
  const pair = (attribute: string, fallback: number) => {
    const [first = fallback, second = first] = (attributes.get(attribute) ?? '').match(/[\d.]+(?:e[+-]?\d+)?/gi) ?? []
    return [Number(first) || 0, Number(second) || 0] as const
  }
  switch (name) {
    case 'feMorphology': {
      const unit = parent?.attributes.get('primitiveUnits') === 'objectBoundingBox' ? SIDE : SIDE / extent
      const [x, y] = pair('radius', 0).map((radius) => Math.min(radius * unit, SIDE)) as [number, number]
      return work(30 + 0.14 * (2 * x + 1) * (2 * y + 1), 340 + 12 * Math.max(x, y))
    }
    case 'feConvolveMatrix': {
      const [x, y] = pair('order', 3)
      return work(10 + 1.25 * x * y, 15 + 3 * x * y)
    }
    case 'feTurbulence':
      return work(20 + 13 * pair('numOctaves', 1)[0], 15 + 13 * pair('numOctaves', 1)[0])
    case 'feFuncR':
    case 'feFuncG':
    case 'feFuncB':
    case 'feFuncA': {
      const each = 0.000_01 * (attributes.get('tableValues')?.length ?? 0)
      return work(each, each)
    }
    default:
      return PRIMITIVES[name] ?? (parent?.name === 'filter' ? OTHER_PRIMITIVE : NO_WORK)
  }
}

/** What a filter takes in addition where its user is enlarged: a radius in user units is enlarged as well. */
export function workOfEnlargedFilter(
  filter: Element,
  { extent, enlargement }: { extent: number; enlargement: number },
): Work {
  let sum = NO_WORK
  if (enlargement <= 1) return sum
  for (const primitive of elementsOf(filter))
    if (primitive.name === 'feMorphology')
      sum = addWork(
        addWork(sum, workOfPrimitive(primitive, extent / enlargement)),
        workOfPrimitive(primitive, extent),
        -1,
      )
  return sum
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
