import type { Box } from './box.ts'
import { boxOf } from './boxes.ts'
import { IDENTITY, type Matrix, multiply, transformBox } from './matrix.ts'
import { DEFINITIONS, SHAPES } from './names.ts'
import { readTransform } from './transform-list.ts'
import { grown } from './transforms.ts'
import type { Element, Tree } from './tree.ts'

/**
 * The share of the picture that elements cover, 0 to 1, including a margin for filters. 1 where it is not known, as for content that is
 * drawn by reference. @param extent the root's larger side in user units
 */
export function openShares(tree: Tree, extent: number): (element: Element) => number {
  const referenced = new Set(tree.targets.values())
  const boxes = new Map<Element, Box | null>()
  const matrices = new Map<Element, Matrix | null>()

  return (element) => {
    const own = boxOf(element, { targets: tree.targets, boxes })
    const toRoot = matrixOf(element)
    if (!own || !toRoot) return 1
    const box = transformBox(toRoot, SHAPES.has(element.name) ? grown(element, own) : own)
    const side = MARGIN / extent
    return Math.min(1, Math.max(box.width * side, EDGE) * Math.max(box.height * side, EDGE))
  }

  /** From an element's own user space to the root's; null where that is not known. */
  function matrixOf(element: Element): Matrix | null {
    if (!element.parent) return IDENTITY
    const known = matrices.get(element)
    if (known !== undefined) return known
    const isKnown = !DEFINITIONS.has(element.name) && element.name !== 'svg' && !referenced.has(element)
    const outer = isKnown ? matrixOf(element.parent) : null
    const matrix = outer && element.attributes.has('transform') ? multiply(outer, transformOf(element)) : outer
    if (element.children.length > 0) matrices.set(element, matrix)
    return matrix
  }
}

/** The default region of filters is a tenth larger on each side; strokes add to that. */
const MARGIN = 1.25
/** Even a line has some pixels. */
const EDGE = 0.01

const transformOf = ({ attributes }: Element) => readTransform(attributes.get('transform') ?? '')
