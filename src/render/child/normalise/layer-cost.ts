import type { Element, Work } from './tree.ts'
import { addWork, NO_WORK, needsLayer, work } from './work.ts'

/** resvg draws a layer as large as its content, up to five times the picture's width and height: this many pictures. */
export const LAYER_PICTURES_MAX = 25

/** What resvg takes in addition for each picture that a layer's content covers beyond the first; librsvg draws what is visible. */
const BEYOND: Readonly<Record<string, Work>> = {
  opacity: work(0.13, 0),
  'mix-blend-mode': work(0.13, 0),
  isolation: work(0.1, 0),
  'clip-path': work(1.45, 0),
  mask: work(2.05, 0),
}

/** Whether an element clips its content to its view box, with a layer that is as large as the content. */
export const isViewport = ({ name, parent, attributes }: Element): boolean =>
  ((name === 'svg' && parent !== null) || name === 'symbol') &&
  !/^(?:visible|auto)$/.test(attributes.get('overflow') ?? '')

/** What the layers of an element take for each picture that they are larger than the picture. */
export function workBeyond(element: Element): Work {
  let sum = isViewport(element) ? (BEYOND['clip-path'] ?? NO_WORK) : NO_WORK
  for (const [property, each] of Object.entries(BEYOND)) if (needsLayer(element, property)) sum = addWork(sum, each)
  return sum
}
