import { px } from './lengths.ts'
import { targetOf } from './references.ts'
import { viewBoxOf } from './size.ts'
import { append, create, type Element, type Tree, walk } from './tree.ts'

/** Copies a symbol's own size and position to each `use` that states none: engines only consider the size of the `use`. */
export function resolveSymbols(tree: Tree): void {
  for (const element of walk(tree.root)) {
    if (element.name !== 'use') continue
    const target = targetOf(tree, element.attributes.get('href'))
    if (target?.name !== 'symbol' && target?.name !== 'svg') continue
    for (const side of ['width', 'height'] as const) {
      const own = target.attributes.get(side)
      if (own !== undefined && target.name === 'symbol' && !element.attributes.has(side))
        element.attributes.set(side, own)
    }
    if (target.name === 'symbol') moveReference(element, target)
  }
  for (const element of [...walk(tree.root)]) {
    if (element.name !== 'symbol') continue
    moveLayers(element)
    for (const name of ['x', 'y', 'width', 'height', 'refX', 'refY']) element.attributes.delete(name)
  }
}

const LAYERS = ['opacity', 'clip-path', 'mask', 'filter', 'mix-blend-mode', 'isolation'] as const

/** Engines ignore a symbol's own opacity, mask and filter: wrap its content in a group that has them. */
function moveLayers(symbol: Element): void {
  const layers = symbol.attributes.has('viewBox') ? LAYERS : [...LAYERS, 'transform']
  if (!layers.some((name) => symbol.attributes.has(name) || symbol.extra?.has(name))) return
  const group = create('g', {}, symbol.children)
  for (const name of layers) {
    const value = symbol.attributes.get(name)
    if (value !== undefined) group.attributes.set(name, value)
    symbol.attributes.delete(name)
  }
  // Properties that later steps convert, such as `filter: blur(1px)`.
  if (symbol.extra) group.extra = symbol.extra
  if (symbol.context) group.context = symbol.context
  delete symbol.extra
  symbol.children = []
  append(symbol, group)
}

/** refX and refY: the point of the symbol that is placed at the position of the `use`. */
function moveReference(use: Element, symbol: Element): void {
  const [refX, refY] = [symbol.attributes.get('refX'), symbol.attributes.get('refY')]
  if (refX === undefined && refY === undefined) return
  const box = viewBoxOf(symbol.attributes.get('viewBox'))
  const [width, height] = [px(use.attributes.get('width'), 0), px(use.attributes.get('height'), 0)]
  const scale = box && width && height ? Math.min(width / box.width, height / box.height) : 1
  for (const [axis, ref] of [
    ['x', refX],
    ['y', refY],
  ] as const)
    if (ref !== undefined) use.attributes.set(axis, String(px(use.attributes.get(axis)) - px(ref) * scale))
}
