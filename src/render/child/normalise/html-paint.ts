import type { Box } from './box.ts'
import { separate } from './colours.ts'
import { roundedBox } from './corners.ts'
import { drawGradient, rectOf } from './css-gradients.ts'
import { type Border, bordersOf, contextOf, htmlLength, styleOf } from './html-style.ts'
import { isIdentity, multiply, printMatrix, translation } from './matrix.ts'
import { flatten } from './matrix3d.ts'
import { readUrl } from './references.ts'
import { parseTransform3d } from './transform-list.ts'
import { create, type Element, type Tree } from './tree.ts'
import { print } from './values.ts'

const CLIPS = new Set(['clipPath'])

interface Painting {
  readonly tree: Tree
  readonly out: Element[]
  readonly paintContent: (out: Element[]) => void
}

/** Paints an HTML box: background and border, then content. */
export function paintBox(element: Element, box: Box, { tree, out, paintContent }: Painting): void {
  const style = styleOf(element)
  // Nothing lies behind a backdrop filter: Figma's are on a transparent background.
  if (style.get('visibility') === 'hidden' || style.has('backdrop-filter')) return
  const drawn: Element[] = []
  paintBackground(element, box, { tree, out: drawn })
  paintBorder(element, box, drawn)
  paintContent(drawn)
  const group = groupFor(element, box)
  if (group === null || drawn.length === 0) {
    out.push(...drawn)
    return
  }
  for (const child of drawn) child.parent = group
  group.children = drawn
  out.push(group)
}

/** Paints the background of a span behind its letters. */
export function paintSpan(element: Element, box: Box, { tree, out }: Pick<Painting, 'tree' | 'out'>): void {
  const isInline = /^(?:inline)?$/.test(styleOf(element).get('display') ?? '')
  if (isInline && element.extra?.has('background-color')) paintBackground(element, box, { tree, out })
}

/** A group for the effects on a box as a whole; null if there are none. */
function groupFor(element: Element, box: Box): Element | null {
  const style = styleOf(element)
  const opacity = htmlLength(style.get('opacity'), 1) ?? 1
  const context = contextOf(element)
  const clip = readUrl(style.get('clip-path') ?? '')
  const reference = clip && context ? context.refer(clip.address, CLIPS) : null
  const list = style.get('transform')
  const found = list && list !== 'none' && context ? parseTransform3d(list, { box, context }) : null
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2]
  const matrix = found && multiply(multiply(translation(cx, cy), flatten(found)), translation(-cx, -cy))
  const isMoved = matrix !== null && !isIdentity(matrix)
  if (opacity === 1 && reference === null && !isMoved) return null
  const filter = element.extra?.get('filter')
  const group = create('g', {
    ...(opacity === 1 ? {} : { opacity: print(opacity) }),
    ...(reference === null ? {} : { 'clip-path': reference }),
    ...(isMoved ? { transform: printMatrix(matrix) } : {}),
  })
  if (filter !== undefined && context) {
    group.extra = new Map([['filter', filter]])
    group.context = context
  }
  return group
}

function paintBackground(element: Element, box: Box, { tree, out }: Pick<Painting, 'tree' | 'out'>): void {
  const context = contextOf(element)
  if (!context || !(box.width > 0 && box.height > 0)) return
  const rounded = roundedBox(box, element.extra?.get('border-radius') ?? '0', { box, context })
  const color = element.extra?.get('background-color')
  const { opaque, alpha } = separate(color ?? '#00000000')
  const fill = { fill: opaque, 'fill-opacity': print(alpha), stroke: 'none' }
  if (alpha > 0) out.push(rounded === null ? rectOf(box, fill) : create('path', { d: rounded, ...fill }))
  const picture = element.extra?.get('background-image')
  const gradient = picture ? drawGradient(picture, box, { tree, context }) : null
  if (gradient && rounded !== null) {
    const clip = create('clipPath', {}, [create('path', { d: rounded })])
    const id = `th${tree.targets.size}`
    tree.targets.set(id, clip)
    out.push(clip, create('g', { 'clip-path': `url(#${id})` }, gradient))
  } else out.push(...(gradient ?? []))
}

/** Paints the border of a box, if it has one. */
export function paintBorder(element: Element, box: Box, out: Element[]): void {
  const sides = bordersOf(element)
  const [top, right, bottom, left] = sides
  const context = contextOf(element)
  if (sides.every(({ width }) => width === 0) || !context) return
  const isEven = sides.every(({ width, color }) => width === top.width && color === top.color)
  if (isEven) {
    const half = top.width / 2
    const middle = { x: box.x + half, y: box.y + half, width: box.width - top.width, height: box.height - top.width }
    const radius = element.extra?.get('border-radius') ?? '0'
    const data = roundedBox(middle, radius, { box, context })
    const stroke = strokeOf(top)
    out.push(data === null ? rectOf(middle, stroke) : create('path', { d: data, ...stroke }))
    return
  }
  const line = (border: Border, data: string) => {
    if (border.width > 0) out.push(create('path', { d: data, ...strokeOf(border) }))
  }
  const [x, y, endX, endY] = [box.x, box.y, box.x + box.width, box.y + box.height]
  line(top, `M${print(x)} ${print(y + top.width / 2)}H${print(endX)}`)
  line(right, `M${print(endX - right.width / 2)} ${print(y)}V${print(endY)}`)
  line(bottom, `M${print(x)} ${print(endY - bottom.width / 2)}H${print(endX)}`)
  line(left, `M${print(x + left.width / 2)} ${print(y)}V${print(endY)}`)
}

const strokeOf = ({ width, color, isDashed }: Border): Record<string, string> => ({
  fill: 'none',
  stroke: color.slice(0, 7),
  'stroke-width': print(width),
  ...(color.length === 9 ? { 'stroke-opacity': print(separate(color).alpha) } : {}),
  ...(isDashed ? { 'stroke-dasharray': `${print(2 * width)} ${print(width)}` } : {}),
})
