import type { Box } from './box.ts'
import { px } from './lengths.ts'
import { pathTools } from './libraries.ts'
import { IDENTITY, type Matrix, multiply, transformBox, translation, union } from './matrix.ts'
import { DEFINITIONS } from './names.ts'
import { countSegments } from './path-data.ts'
import { referenceIn } from './references.ts'
import { readTransform } from './transform-list.ts'
import { type Element, elementsOf, inherited, textOf } from './tree.ts'
import { viewBoxMatrix } from './viewport.ts'

/** No box is computed for paths with more segments than this: the exact one is too expensive. */
const SEGMENTS_MAX = 20_000
const DEPTH_MAX = 64

/** What is needed to find the boxes of references. */
export interface BoxOptions {
  readonly targets?: ReadonlyMap<string, Element>
  readonly depth?: number
  /** Cache of boxes by element, for callers that ask for many. */
  readonly boxes?: Map<Element, Box | null>
}

/** The bounding box of an element's fill in its own user space; null if it draws nothing or the box is unknown. */
export function boxOf(element: Element, options: BoxOptions = {}): Box | null {
  const known = options.boxes?.get(element)
  if (known !== undefined) return known
  const box = findBox(element, options)
  options.boxes?.set(element, box)
  return box
}

function findBox(element: Element, options: BoxOptions): Box | null {
  const { attributes, name } = element
  if (attributes.get('display') === 'none') return null
  const of = (attribute: string) => px(attributes.get(attribute))
  switch (name) {
    case 'rect':
    case 'image':
    case 'foreignObject':
      return { x: of('x'), y: of('y'), width: of('width'), height: of('height') }
    case 'circle':
      return { x: of('cx') - of('r'), y: of('cy') - of('r'), width: 2 * of('r'), height: 2 * of('r') }
    case 'ellipse': {
      const [rx, ry] = [px(attributes.get('rx'), of('ry')), px(attributes.get('ry'), of('rx'))]
      return { x: of('cx') - rx, y: of('cy') - ry, width: 2 * rx, height: 2 * ry }
    }
    case 'line':
      return around([of('x1'), of('y1'), of('x2'), of('y2')])
    case 'polyline':
    case 'polygon':
      return around(
        (attributes.get('points') ?? '')
          .split(/[\s,]+/)
          .filter(Boolean)
          .map(Number),
      )
    case 'path':
      return boxOfPath(attributes.get('d') ?? '')
    case 'text':
      return boxOfText(element)
    case 'use':
      return boxOfUse(element, options)
    case 'svg':
      return element.parent === null ? boxOfChildren(element, options) : boxOfNested(element, options)
    default:
      return DEFINITIONS.has(name) && name !== 'symbol' ? null : boxOfChildren(element, options)
  }
}

/** The union of the boxes of an element's children, in their own user space. */
export function boxOfChildren(element: Element, options: BoxOptions): Box | null {
  if ((options.depth ?? 0) > 300) return null
  let box: Box | null = null
  for (const child of elementsOf(element)) {
    if (DEFINITIONS.has(child.name)) continue
    const own = boxOf(child, { ...options, depth: (options.depth ?? 0) + 1 })
    if (own) box = union(box, transformBox(transformOf(child), own))
  }
  return box
}

function boxOfNested(svg: Element, options: BoxOptions): Box | null {
  const inner = boxOfChildren(svg, options)
  const of = (name: string) => px(svg.attributes.get(name))
  const place = translation(of('x'), of('y'))
  const hasSize = of('width') > 0 && of('height') > 0
  return (
    inner &&
    transformBox(
      hasSize ? multiply(place, viewBoxMatrix(svg, { width: of('width'), height: of('height') })) : place,
      inner,
    )
  )
}

function boxOfUse(element: Element, options: BoxOptions): Box | null {
  const { targets, depth = 0 } = options
  const target = targets?.get(referenceIn(element.attributes.get('href') ?? '') ?? '')
  if (!target || depth > DEPTH_MAX) return null
  const inner = boxOf(target, { ...options, depth: depth + 8 })
  const moved = multiply(
    translation(px(element.attributes.get('x')), px(element.attributes.get('y'))),
    transformOf(target),
  )
  return inner && transformBox(moved, inner)
}

/** The matrix of a resolved transform attribute. */
function transformOf({ attributes }: Element): Matrix {
  const transform = attributes.get('transform')
  return transform === undefined ? IDENTITY : readTransform(transform)
}

function around(numbers: readonly number[]): Box | null {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    const [x, y] = [numbers[at] as number, numbers[at + 1] as number]
    if (x < left) left = x
    if (x > right) right = x
    if (y < top) top = y
    if (y > bottom) bottom = y
  }
  const box = { x: left, y: top, width: right - left, height: bottom - top }
  return Object.values(box).every(Number.isFinite) ? box : null
}

function boxOfPath(data: string): Box | null {
  if (data.trim() === '' || countSegments(data) > SEGMENTS_MAX) return null
  try {
    const { x, y, width, height } = pathTools().default.getPathBBox(data)
    return [x, y, width, height].every(Number.isFinite) ? { x, y, width, height } : null
  } catch {
    // Invalid data is drawn up to the error; finding the box of that part is not worth it.
    return null
  }
}

/** A rough estimate: letters of the default font are 0.6 em wide. */
function boxOfText(element: Element): Box | null {
  const text = textOf(element).trim()
  if (text === '') return null
  const size = px(inherited(element, 'font-size'), 16)
  const width = text.length * size * 0.6
  const anchor = inherited(element, 'text-anchor')
  const x = px(element.attributes.get('x')) - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0)
  return { x, y: px(element.attributes.get('y')) - size * 0.93, width, height: size * 1.16 }
}
