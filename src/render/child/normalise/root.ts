import type { Size } from './box.ts'
import { separate } from './colours.ts'
import { roundedBox } from './corners.ts'
import { drawGradient, rectOf } from './css-gradients.ts'
import { paintBorder } from './html-paint.ts'
import { bordersOf, type Edges, edgesOf, styleOf } from './html-style.ts'
import { isIdentity, multiply, printMatrix, translation } from './matrix.ts'
import { matrixOf } from './transforms.ts'
import { append, create, type Element, type Tree } from './tree.ts'
import { print } from './values.ts'
import { pageOf, viewBoxMatrix } from './viewport.ts'

/** Properties that make the root a CSS box, which engines do not draw for an outermost svg. */
const BOXED = [
  'transform',
  'translate',
  'rotate',
  'scale',
  'border-radius',
  'background-color',
  'background-image',
  'filter',
] as const
const LAYERED = ['opacity', 'filter', 'mask', 'clip-path', 'mix-blend-mode', 'isolation'] as const

/**
 * Moves the root's own transform, background, rounded corners, opacity, filter, mask and clip into the picture, so that the root becomes a
 * plain viewport. All of these are in px of the page that shows it, as in Chromium. Its background applies to the whole canvas, so it is
 * not transformed, rounded or faded.
 */
export function resolveRoot(tree: Tree): void {
  const { root } = tree
  const { extra } = root
  // An <img> shows its document regardless of the root's own display and visibility.
  root.attributes.delete('display')
  const layered = LAYERED.filter((name) => root.attributes.has(name))
  const isFramed = FRAMES.some((name) => root.style?.has(name))
  if (layered.length === 0 && !isFramed && !BOXED.some((name) => extra?.has(name)) && !extra?.has('clip-path')) return
  const page = pageOf(tree)
  const edges = frameOf(root, page)
  const inner = create('g')
  inner.children = root.children
  for (const child of inner.children) if (typeof child !== 'string') child.parent = inner
  root.children = []
  const toBox = multiply(translation(edges.left, edges.top), viewBoxMatrix(root, page))
  if (!isIdentity(toBox)) inner.attributes.set('transform', printMatrix(toBox))
  const outer = create('g', {}, [round(inner, page, tree)])
  paintBorder(
    root,
    { x: 0, y: 0, width: page.width + edges.right, height: page.height + edges.bottom },
    outer.children as Element[],
  )
  for (const name of layered) {
    outer.attributes.set(name, root.attributes.get(name) as string)
    root.attributes.delete(name)
  }
  for (const name of ['filter', 'clip-path']) moveExtra(root, outer, { name, page })
  const matrix = extra && root.context ? matrixOf({ ...root, context: { ...root.context, viewport: page } }) : null
  const moved = matrix && !isIdentity(matrix) ? create('g', { transform: printMatrix(matrix) }, [outer]) : outer
  drawBackground(tree, page)
  append(root, moved)
  root.attributes.set('viewBox', `0 0 ${print(page.width)} ${print(page.height)}`)
  root.attributes.delete('preserveAspectRatio')
  root.attributes.delete('transform')
  extra?.clear()
}

const FRAMES = ['margin', 'padding', 'border'] as const

/** How far margin, border and padding inset the picture in the page, whose size does not change. */
function frameOf(root: Element, page: Size): Edges {
  const at = { width: page.width, em: root.context?.fontSize ?? 16 }
  const [margin, padding] = [edgesOf(styleOf(root), 'margin', at), edgesOf(styleOf(root), 'padding', at)]
  const [top, right, bottom, left] = bordersOf(root)
  return {
    top: margin.top + padding.top + top.width,
    left: margin.left + padding.left + left.width,
    right: padding.left + padding.right + left.width + right.width,
    bottom: padding.top + padding.bottom + top.width + bottom.width,
  }
}

/** Moves CSS properties that have not been converted yet. */
function moveExtra(root: Element, to: Element, { name, page }: { name: string; page: Size }): void {
  const value = root.extra?.get(name)
  if (value === undefined || !root.context) return
  to.extra ??= new Map()
  // A basic shape refers to the whole page.
  to.extra.set(name, name === 'clip-path' && !/-box\b/.test(value) ? `${value} view-box` : value)
  to.context = { ...root.context, viewport: page }
}

function drawBackground(tree: Tree, page: Size): void {
  const { root } = tree
  const box = { x: 0, y: 0, ...page }
  const background = root.extra?.get('background-color')
  if (background && background !== '#00000000') {
    const { opaque, alpha } = separate(background)
    append(root, rectOf(box, { fill: opaque, 'fill-opacity': print(alpha) }))
  }
  const picture = root.extra?.get('background-image')
  if (!picture || !root.context) return
  for (const element of drawGradient(picture, box, { tree, context: root.context }) ?? []) append(root, element)
}

/** Clips the content to rounded corners. */
function round(content: Element, page: Size, { root, targets }: Tree): Element {
  const radius = root.extra?.get('border-radius')
  const box = { x: 0, y: 0, ...page }
  const data = radius && root.context ? roundedBox(box, radius, { box, context: root.context }) : null
  if (data === null) return content
  const clip = create('clipPath', {}, [create('path', { d: data })])
  targets.set('tr', clip)
  append(root, clip)
  return create('g', { 'clip-path': 'url(#tr)' }, [content])
}
