import { separate } from './colours.ts'
import { px } from './lengths.ts'
import { IDENTITY, isIdentity, type Matrix, multiply, printMatrix, scaling, translation } from './matrix.ts'
import { viewBoxOf } from './size.ts'
import { matrixOf } from './transforms.ts'
import { append, create, type Element, type Tree } from './tree.ts'
import { print, split } from './values.ts'

/** Properties that make the root a CSS box, which engines do not draw for an outermost svg. */
const BOXED = ['transform', 'translate', 'rotate', 'scale', 'border-radius', 'background-color', 'filter'] as const
const LAYERED = ['opacity', 'filter', 'mask', 'clip-path', 'mix-blend-mode', 'isolation'] as const

/**
 * Moves the root's own transform, background, rounded corners, opacity, filter, mask and clip into the picture, so that the root is a
 * plain viewport in px.
 */
export function resolveRoot(tree: Tree): void {
  const { root } = tree
  const { extra } = root
  // An outermost svg is displayed all the same.
  root.attributes.delete('display')
  const layered = LAYERED.filter((name) => root.attributes.has(name))
  if (layered.length === 0 && !BOXED.some((name) => extra?.has(name)) && !extra?.has('clip-path')) return
  const { width, height } = tree
  const inner = create('g')
  inner.children = root.children
  for (const child of inner.children) if (typeof child !== 'string') child.parent = inner
  root.children = []
  const toBox = viewBoxMatrix(root, tree)
  if (!isIdentity(toBox)) inner.attributes.set('transform', printMatrix(toBox))
  const outer = create('g', {}, [inner])
  for (const name of layered) {
    outer.attributes.set(name, root.attributes.get(name) as string)
    root.attributes.delete(name)
  }
  const filter = extra?.get('filter')
  if (filter !== undefined && root.context) {
    outer.extra = new Map([['filter', filter]])
    outer.context = root.context
  }
  const background = extra?.get('background-color')
  if (background && background !== '#00000000') {
    const { opaque, alpha } = separate(background)
    const rect = create('rect', {
      width: print(width),
      height: print(height),
      fill: opaque,
      stroke: 'none',
      'fill-opacity': print(alpha),
    })
    outer.children.unshift(rect)
    rect.parent = outer
  }
  root.attributes.set('viewBox', `0 0 ${print(width)} ${print(height)}`)
  root.attributes.delete('preserveAspectRatio')
  append(root, round(outer, tree))
  const matrix = extra && root.context ? matrixOf({ ...root, context: { ...root.context, viewport: tree } }) : null
  if (matrix && !isIdentity(matrix)) {
    const moved = create('g', { transform: printMatrix(matrix) }, root.children)
    root.children = []
    append(root, moved)
  }
  root.attributes.delete('transform')
  extra?.clear()
}

/** Maps the root's user space to its box in px. */
function viewBoxMatrix(root: Element, { width, height }: { width: number; height: number }): Matrix {
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

function round(outer: Element, tree: Tree): Element {
  const { root, width, height } = tree
  const radius = root.extra?.get('border-radius')
  if (radius === undefined || !root.context) return outer
  const [first = '0'] = split(radius.split('/')[0] ?? '0', ' ')
  const share = first.endsWith('%') ? Number.parseFloat(first) / 100 : null
  const absolute = Math.abs(px(/^[\d.]+(?:px)?$/.test(first) ? first : undefined, emOf(first, root.context.fontSize)))
  const rx = Math.min(share === null ? absolute : share * width, width / 2)
  const ry = Math.min(share === null ? absolute : share * height, height / 2)
  if (!(rx > 0 && ry > 0)) return outer
  const clip = create('clipPath', {}, [
    create('rect', { width: print(width), height: print(height), rx: print(rx), ry: print(ry) }),
  ])
  tree.targets.set('tr', clip)
  append(root, clip)
  return create('g', { 'clip-path': 'url(#tr)' }, [outer])
}

const emOf = (text: string, size: number): number => (/^[\d.]+r?em$/.test(text) ? Number.parseFloat(text) * size : 0)
