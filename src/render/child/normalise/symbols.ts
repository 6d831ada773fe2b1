import { cloneOf } from './clone.ts'
import { px } from './lengths.ts'
import { referenceIn } from './references.ts'
import { append, create, type Element, type Tree, walk } from './tree.ts'
import { print } from './values.ts'

/**
 * Resolves the size and position of the content of each `use` of a symbol or nested svg: engines support only the size of a `use` of a
 * symbol. Throws TOO_COMPLEX.
 */
export function resolveSymbols(tree: Tree): void {
  const sized = new Map<string, string>()
  for (const use of [...walk(tree.root)]) {
    if (use.name !== 'use') continue
    const id = referenceIn(use.attributes.get('href') ?? '') ?? ''
    const target = tree.targets.get(id)
    if (target?.name === 'symbol') placeSymbol(use, target)
    else if (target?.name === 'svg' && target.parent) showSized(use, id, target)
  }
  for (const element of [...walk(tree.root)]) {
    if (element.name !== 'symbol') continue
    moveLayers(element)
    for (const name of ['x', 'y', 'width', 'height', 'refX', 'refY', 'transform']) element.attributes.delete(name)
  }

  /** Adds a copy in a group, once for each size: the size on the `use` overrides that of the svg. */
  function showSized(use: Element, id: string, target: Element): void {
    const sides = (['width', 'height'] as const).map((side) => use.attributes.get(side) ?? target.attributes.get(side))
    const key = `${id} ${sides.join(' ')}`
    let shown = sized.get(key)
    if (shown === undefined) {
      const copy = cloneOf(target, tree)
      for (const [index, side] of (['width', 'height'] as const).entries())
        if (sides[index] !== undefined) copy.attributes.set(side, sides[index])
      shown = `ts${sized.size}`
      sized.set(key, shown)
      const group = create('g', {}, [copy])
      tree.targets.set(shown, group)
      append(tree.root, create('defs', {}, [group]))
    }
    use.attributes.set('href', `#${shown}`)
    for (const side of ['width', 'height']) use.attributes.delete(side)
  }
}

/** Moves a symbol's own size, position and transform to its `use`. */
function placeSymbol(use: Element, symbol: Element): void {
  for (const side of ['width', 'height'] as const) {
    const own = symbol.attributes.get(side)
    if (own !== undefined && !use.attributes.has(side)) use.attributes.set(side, own)
  }
  const of = (name: 'x' | 'y', from: Element) => px(from.attributes.get(name))
  const transform = symbol.attributes.get('transform')
  if (transform !== undefined) {
    const move = `translate(${print(of('x', use))} ${print(of('y', use))})`
    use.attributes.set('transform', `${use.attributes.get('transform') ?? ''}${move}${transform}`)
  }
  for (const name of ['x', 'y'] as const) {
    const place = (transform === undefined ? of(name, use) : 0) + of(name, symbol)
    if (place !== 0 || use.attributes.has(name)) use.attributes.set(name, print(place))
  }
}

const LAYERS = ['opacity', 'clip-path', 'mask', 'filter', 'mix-blend-mode', 'isolation'] as const

/** Engines ignore a symbol's own opacity, mask and filter: wrap its content in a group that has them. */
function moveLayers(symbol: Element): void {
  if (!LAYERS.some((name) => symbol.attributes.has(name) || symbol.extra?.has(name))) return
  const group = create('g', {}, symbol.children)
  for (const name of LAYERS) {
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
