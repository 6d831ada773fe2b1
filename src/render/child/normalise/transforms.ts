import type { Box } from './box.ts'
import { type BoxOptions, boxOf } from './boxes.ts'
import { px } from './lengths.ts'
import { isFiniteMatrix, isIdentity, type Matrix, printMatrix } from './matrix.ts'
import { flatten, type Matrix3d, multiply3d, to3d, translation3d } from './matrix3d.ts'
import { offsetBy } from './offset-path.ts'
import {
  along,
  parseTransform,
  parseTransform3d,
  type Reference,
  rotateBy,
  scaleBy,
  translateBy,
} from './transform-list.ts'
import { type Element, inherited, type Tree, walk } from './tree.ts'
import { type Context, split } from './values.ts'

/**
 * Combines an element's CSS transforms, translate, rotate and scale, with their origin and box, into one matrix. A plain attribute is
 * kept as written. 3D transforms are flattened.
 */
export function resolveTransforms(tree: Tree): void {
  // Each box is found once: groups may be nested, and each may be relative to its own.
  const options = { targets: tree.targets, boxes: new Map<Element, Box | null>() }
  for (const element of walk(tree.root)) {
    const { extra } = element
    if (UNTRANSFORMED.has(element.name)) continue
    const own = NAMES[element.name] === undefined ? undefined : element.attributes.get(NAMES[element.name] as string)
    // On paint servers the attribute is a presentation attribute of `transform`.
    if (extra && own !== undefined && !extra.has('transform')) extra.set('transform', own)
    if (!extra || !PROPERTY_NAMES.some((name) => extra.has(name))) continue
    settle(element, extra, options)
  }
}

const INDIVIDUAL = ['translate', 'rotate', 'scale', 'offset-path'] as const
const PROPERTY_NAMES = ['transform', ...INDIVIDUAL] as const
/** Avoids catastrophic backtracking: white space between two calls can match one part of the pattern only. */
const PLAIN = /^\s*(?:(?:matrix|translate|scale|rotate|skewX|skewY)\s*\([^()%a-zA-Z]*\)[\s,]*)+$/

/** Elements that transforms do not apply to. */
const UNTRANSFORMED: ReadonlySet<string> = new Set(['mask', 'filter', 'marker', 'stop', 'defs'])

/** The attribute's name on paint servers. */
const NAMES: Readonly<Record<string, string>> = {
  linearGradient: 'gradientTransform',
  radialGradient: 'gradientTransform',
  pattern: 'patternTransform',
}

function settle(element: Element, extra: Map<string, string>, options: BoxOptions): void {
  const name = NAMES[element.name] ?? 'transform'
  const transform = extra.get('transform')
  const isAlone = !extra.has('transform-origin') && !INDIVIDUAL.some((property) => extra.has(property))
  const isRoot = element.parent === null
  if (transform !== undefined && isAlone && !isRoot && PLAIN.test(transform) && isAttributeSyntax(element, transform)) {
    if (name === 'transform') element.attributes.set('transform', transform)
    return
  }
  const matrix = matrixOf(element, options)
  if (matrix !== null && !isIdentity(matrix)) element.attributes.set(name, printMatrix(matrix))
}

/** CSS requires units for lengths and angles; attributes do not. */
const isAttributeSyntax = ({ name, given }: Element, transform: string): boolean =>
  given[NAMES[name] ?? 'transform']?.trim() === transform

/** The matrix of an element's transform properties; null if they are invalid, in which case they have no effect. */
export function matrixOf(element: Element, options: BoxOptions = {}): Matrix | null {
  const { extra, context } = element
  if (!extra || !context) return null
  const box = referenceBox(element, options)
  const [x, y, z] = originOf(element, box, context)
  const at = { box, context }
  let matrix = translation3d(x, y, z)
  const translate = extra.get('translate')
  if (translate && translate !== 'none') matrix = multiply3d(matrix, translateBy(split(translate, ' '), at))
  const rotate = extra.get('rotate')
  if (rotate && rotate !== 'none') matrix = multiply3d(matrix, rotateBy(rotate))
  const scale = extra.get('scale')
  if (scale && scale !== 'none') matrix = multiply3d(matrix, scaleBy(scale))
  const offset = offsetBy(extra, [x, y, z], at)
  if (offset !== null) matrix = multiply3d(matrix, offset)
  const list = extra.get('transform')
  if (list && list !== 'none') {
    const found = isAttributeSyntax(element, list) ? attributeMatrix(list, at) : parseTransform3d(list, at)
    if (found === null) return null
    matrix = multiply3d(matrix, found)
  }
  const around = flatten(multiply3d(matrix, translation3d(-x, -y, -z)))
  return isFiniteMatrix(around) ? around : null
}

function attributeMatrix(list: string, at: Reference): Matrix3d | null {
  const matrix = parseTransform(list, at)
  return matrix && to3d(matrix)
}

function referenceBox(element: Element, options: BoxOptions): Box {
  const kind = element.extra?.get('transform-box')
  const { viewport, page } = element.context as Context
  if (kind === 'fill-box' || kind === 'content-box' || kind === 'stroke-box' || kind === 'border-box') {
    let box = boxOf(element, options)
    // The x and y of a `use` apply inside its transform.
    if (box && element.name === 'use')
      box = { ...box, x: box.x - px(element.attributes.get('x')), y: box.y - px(element.attributes.get('y')) }
    if (box) return kind === 'stroke-box' || kind === 'border-box' ? grown(element, box) : box
  }
  const { width, height } = viewport ?? page
  return { x: 0, y: 0, width, height }
}

export function grown(element: Element, box: Box): Box {
  if ((inherited(element, 'stroke') ?? 'none') === 'none') return box
  const half = px(inherited(element, 'stroke-width'), 1) / 2
  return { x: box.x - half, y: box.y - half, width: box.width + 2 * half, height: box.height + 2 * half }
}

const WORDS: Readonly<Record<string, readonly [axis: 'x' | 'y' | null, share: string]>> = {
  left: ['x', '0%'],
  right: ['x', '100%'],
  top: ['y', '0%'],
  bottom: ['y', '100%'],
  center: [null, '50%'],
}

/** The transform origin. The default is the centre for the root, and the upper left corner of the viewport for all else. */
function originOf(element: Element, box: Box, context: Context): [number, number, number] {
  const text = element.extra?.get('transform-origin')
  const kind = element.extra?.get('transform-box')
  const isOwnBox = kind !== undefined && kind !== 'view-box'
  let parts = text === undefined ? [] : split(text.toLowerCase(), ' ').slice(0, 3)
  if (parts.length === 0 || parts.some((part) => WIDE.test(part))) {
    if (element.parent === null) parts = ['50%', '50%']
    else return [0, 0, 0]
  }
  const [first = '50%', second, depth = '0'] = parts
  const [firstAxis, firstShare] = WORDS[first] ?? [null, first]
  const [secondAxis, secondShare] = second === undefined ? [null, '50%'] : (WORDS[second] ?? [null, second])
  const isSwapped = firstAxis === 'y' || secondAxis === 'x'
  const [x, y] = isSwapped ? [secondShare, firstShare] : [firstShare, secondShare]
  const base = isOwnBox || element.parent === null ? box : { ...box, x: 0, y: 0 }
  const at = { box, context }
  return [base.x + along(x, 'x', at), base.y + along(y, 'y', at), along(depth, 'other', at)]
}

const WIDE = /^(?:initial|inherit|unset|revert)$/
