import { LIMITS } from './limits.ts'
import type { Element, Findings } from './tree.ts'

const REGION = ['x', 'y', 'width', 'height', 'dx', 'dy'] as const
/** A region or offset more than this many documents away needs the engine that clips it. */
const FAR = 16

/**
 * Clamps a filter's numbers where the difference is not visible: octaves above 10 are finer than a pixel, and an offset of a million
 * units is outside of any picture.
 */
export function clampFilter(element: Element, findings: Findings): void {
  const { name, attributes } = element
  if (name === 'feTurbulence') {
    const octaves = Number(attributes.get('numOctaves') ?? 1)
    if (octaves > LIMITS.octaves) clamp(element, findings, ['numOctaves', LIMITS.octaves])
  }
  for (const attribute of REGION) {
    const value = attributes.get(attribute)
    if (value === undefined || value.length < 3) continue
    const number = Number.parseFloat(value)
    if (Math.abs(number) > LIMITS.filterNumber)
      clamp(element, findings, [attribute, Math.sign(number) * LIMITS.filterNumber])
  }
}

/** True if the filter region is many times the document. @param extent the root's larger side in user units */
export function isFarRegion({ name, attributes, parent }: Element, extent: number): boolean {
  const isOfBox =
    name === 'filter'
      ? attributes.get('filterUnits') !== 'userSpaceOnUse'
      : parent?.attributes.get('primitiveUnits') === 'objectBoundingBox'
  return REGION.some((attribute) => {
    const value = attributes.get(attribute)
    if (value === undefined) return false
    const scale = value.endsWith('%') ? 0.01 : isOfBox ? 1 : 1 / extent
    return Math.abs(Number.parseFloat(value)) * scale > FAR
  })
}

function clamp({ attributes }: Element, findings: Findings, [attribute, value]: [string, number]): void {
  attributes.set(attribute, String(value))
  findings.warnings.add('CLAMPED')
}
