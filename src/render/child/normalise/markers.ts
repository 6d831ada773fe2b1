import type { Box } from './box.ts'
import { cloneOf } from './clone.ts'
import { contextual, usesContext } from './context-paints.ts'
import { px } from './lengths.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { type Matrix, multiply, printMatrix, rotation, scaling, translation } from './matrix.ts'
import { OF_GROUP, SHAPES } from './names.ts'
import { PROPERTIES } from './properties.ts'
import { targetOf } from './references.ts'
import { viewBoxOf } from './size.ts'
import { append, create, type Element, inherited, remove, type Tree, walk, wrap } from './tree.ts'
import { print } from './values.ts'
import { type Vertex, verticesOf } from './vertices.ts'

const KINDS = ['marker-start', 'marker-mid', 'marker-end'] as const

/**
 * Replaces markers by groups drawn at the vertices of each shape: engines differ on vertex positions, context colours and
 * `auto-start-reverse`. Throws TOO_COMPLEX if there are too many.
 */
export function resolveMarkers(tree: Tree): void {
  const ids = new Map([...tree.targets].map(([id, element]) => [element, id]))
  const used = attributesIn(tree)
  const contents = new Map<string, string>()
  const definitions: Element[] = []
  let placed = 0
  for (const element of [...walk(tree.root)]) {
    if (!SHAPES.has(element.name) || isUnmarked(element)) continue
    const marked = drawingsAt(element)
    for (const kind of KINDS) element.attributes.delete(kind)
    if (marked.length === 0) continue
    const group = create('g')
    wrap(element, group)
    for (const name of OF_GROUP) move(element, group, name)
    for (const drawing of marked) append(group, drawing)
    const order = inherited(element, 'paint-order') ?? ''
    if (order.startsWith('markers')) group.children.push(group.children.shift() as Element)
    retarget(element, group)
  }
  for (const element of [...walk(tree.root)]) {
    for (const kind of KINDS) element.attributes.delete(kind)
    if (element.name === 'marker') remove(element)
  }
  for (const definition of definitions) append(tree.root, definition)

  function drawingsAt(shape: Element): Element[] {
    const drawings: Element[] = []
    const vertices = KINDS.some((kind) => markerOf(shape, kind)) ? verticesOf(shape) : null
    for (const [index, vertex] of (vertices ?? []).entries()) {
      const last = (vertices?.length ?? 0) - 1
      const kinds = [
        ...(index === 0 ? [KINDS[0]] : []),
        ...(index > 0 && index < last ? [KINDS[1]] : []),
        ...(index === last ? [KINDS[2]] : []),
      ]
      for (const kind of kinds) {
        const marker = markerOf(shape, kind)
        if (!marker) continue
        if (++placed > LIMITS.markers) throw tooComplex(`More than ${LIMITS.markers} markers are drawn.`)
        const drawing = place(marker, shape, { vertex, kind })
        if (drawing) drawings.push(drawing)
      }
    }
    return drawings
  }

  function markerOf(shape: Element, kind: string): Element | null {
    const target = targetOf(tree, inherited(shape, kind))
    return target?.name === 'marker' ? target : null
  }

  function place(marker: Element, shape: Element, { vertex, kind }: { vertex: Vertex; kind: string }): Element | null {
    const box = viewportOf(marker)
    if (!box) return null
    const { attributes } = marker
    const orient = attributes.get('orient') ?? '0'
    const turn =
      orient === 'auto'
        ? vertex.angle
        : orient === 'auto-start-reverse'
          ? vertex.angle + (kind === 'marker-start' ? 180 : 0)
          : Number(orient)
    const stroke = attributes.get('markerUnits') === 'userSpaceOnUse' ? 1 : px(inherited(shape, 'stroke-width'), 1)
    let matrix: Matrix = multiply(translation(vertex.x, vertex.y), rotation(turn))
    matrix = multiply(matrix, scaling(stroke * box.scaleX, stroke * box.scaleY))
    matrix = multiply(
      matrix,
      translation(
        -referencePoint(attributes.get('refX'), box.x, box.width),
        -referencePoint(attributes.get('refY'), box.y, box.height),
      ),
    )
    return create('use', { href: `#${contentOf(marker, shape, box)}`, transform: printMatrix(matrix) })
  }

  /** The content of a marker, shared by all shapes that it looks the same on. */
  function contentOf(marker: Element, shape: Element, box: MarkerBox): string {
    const context = { fill: inherited(shape, 'fill') ?? '#000000', stroke: inherited(shape, 'stroke') ?? 'none' }
    const isPlain = !usesContext(marker)
    const key = `${ids.get(marker)} ${isPlain ? '' : `${context.fill} ${context.stroke}`}`
    const known = contents.get(key)
    if (known !== undefined) return known
    const inner = create(
      'g',
      {},
      marker.children.map((child) =>
        typeof child === 'string'
          ? child
          : // References now point to the copy; the marker itself is removed.
            cloneOf(child, tree, { change: (value) => contextual(value, context), onCopy: retarget }),
      ),
    )
    // A marker inherits from its definition, not from the shape.
    for (const [name, { isInherited, initial, isExtra }] of Object.entries(PROPERTIES))
      if (isInherited && initial !== undefined && !isExtra && used.has(name) && !name.startsWith('marker'))
        inner.attributes.set(name, contextual(inherited(marker, name) ?? initial, context))
    inner.attributes.delete('color')
    const outer = create('g', {}, [inner])
    for (const name of ['opacity', 'clip-path', 'mask', 'filter'] as const) move(marker, inner, name)
    if (!/^(?:visible|auto)$/.test(marker.attributes.get('overflow') ?? 'hidden')) {
      const { x, y, width, height } = box.clip
      const clip = create('clipPath', {}, [
        create('rect', { x: print(x), y: print(y), width: print(width), height: print(height) }),
      ])
      tree.targets.set(`tm${contents.size}c`, clip)
      definitions.push(clip)
      outer.attributes.set('clip-path', `url(#tm${contents.size}c)`)
    }
    const id = `tm${contents.size}`
    contents.set(key, id)
    tree.targets.set(id, outer)
    definitions.push(create('defs', {}, [outer]))
    return id
  }

  /** Redirects references from one element to another. */
  function retarget(from: Element, to: Element): void {
    const id = ids.get(from)
    if (id === undefined) return
    tree.targets.set(id, to)
    ids.set(to, id)
  }
}

/** Names of all attributes in the document. */
function attributesIn(tree: Tree): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { attributes } of walk(tree.root)) for (const name of attributes.keys()) names.add(name)
  return names
}

const isUnmarked = (shape: Element): boolean => {
  if (/^(?:hidden|collapse)$/.test(inherited(shape, 'visibility') ?? 'visible')) return true
  for (let at: Element | null = shape.parent; at; at = at.parent)
    if (at.name === 'clipPath' || at.name === 'marker') return true
  return false
}

function move(from: Element, to: Element, name: string): void {
  const value = from.attributes.get(name)
  if (value === undefined) return
  to.attributes.set(name, value)
  from.attributes.delete(name)
}

interface MarkerBox extends Box {
  readonly scaleX: number
  readonly scaleY: number
  /** The visible part of the content, in its own units. */
  readonly clip: Box
}

function viewportOf({ attributes }: Element): MarkerBox | null {
  const [width, height] = [px(attributes.get('markerWidth'), 3), px(attributes.get('markerHeight'), 3)]
  if (!(width > 0 && height > 0)) return null
  const box = viewBoxOf(attributes.get('viewBox'))
  if (!box)
    return attributes.has('viewBox')
      ? null
      : { x: 0, y: 0, width, height, scaleX: 1, scaleY: 1, clip: { x: 0, y: 0, width, height } }
  const [sx, sy] = [width / box.width, height / box.height]
  const [align = 'xMidYMid', meet = 'meet'] = (attributes.get('preserveAspectRatio') ?? '').split(' ').filter(Boolean)
  if (align === 'none') return { ...box, scaleX: sx, scaleY: sy, clip: box }
  const scale = meet === 'slice' ? Math.max(sx, sy) : Math.min(sx, sy)
  const [w, h] = [width / scale, height / scale]
  const x = box.x + (box.width - w) * (align.includes('xMin') ? 0 : align.includes('xMax') ? 1 : 0.5)
  const y = box.y + (box.height - h) * (align.includes('YMin') ? 0 : align.includes('YMax') ? 1 : 0.5)
  return { ...box, scaleX: scale, scaleY: scale, clip: { x, y, width: w, height: h } }
}

const SHARES: Readonly<Record<string, number>> = { left: 0, top: 0, center: 0.5, right: 1, bottom: 1 }

function referencePoint(text: string | undefined, start: number, size: number): number {
  const share = text === undefined ? undefined : SHARES[text]
  return share === undefined ? px(text) : start + share * size
}
