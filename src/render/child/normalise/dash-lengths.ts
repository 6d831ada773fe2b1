import { px } from './lengths.ts'
import { measurePath } from './measured-path.ts'
import { SHAPES } from './names.ts'
import { targetOf } from './references.ts'
import { type Element, inherited, type Tree, walk } from './tree.ts'
import { print } from './values.ts'

/** Above this, the stated pathLength is taken as the real length: measuring is too expensive. */
const SEGMENTS_MAX = 20_000

/** Scales the dashes of shapes with a `pathLength` to real lengths, the only ones that all engines support. */
export function resolveDashLengths(tree: Tree): void {
  takeDashesOfUses(tree)
  for (const element of walk(tree.root)) {
    const stated = element.attributes.get('pathLength')
    if (stated === undefined || !SHAPES.has(element.name)) continue
    element.attributes.delete('pathLength')
    const dashes = inherited(element, 'stroke-dasharray')
    if (!dashes || dashes === 'none' || !(Number(stated) >= 0)) continue
    const real = Number(stated) > 0 ? lengthOf(element) : null
    // With pathLength="0", the first dash never ends.
    if (Number(stated) === 0) element.attributes.set('stroke-dasharray', 'none')
    if (real === null) continue
    const scale = real / Number(stated)
    const scaled = dashes.split(' ').map((dash) => print(px(dash) * scale))
    element.attributes.set('stroke-dasharray', scaled.join(' '))
    const offset = inherited(element, 'stroke-dashoffset')
    if (offset !== undefined) element.attributes.set('stroke-dashoffset', print(px(offset) * scale))
  }
}

/** A shape that is only drawn by uses has the dashes of the first of them: nearly always there is one, or they are the same. */
function takeDashesOfUses(tree: Tree): void {
  for (const use of walk(tree.root)) {
    if (use.name !== 'use') continue
    const target = targetOf(tree, use.attributes.get('href'))
    const dashes = inherited(use, 'stroke-dasharray')
    if (!target || !dashes || dashes === 'none' || !isOnlyUsed(target) || inherited(target, 'stroke-dasharray'))
      continue
    for (const name of ['stroke-dasharray', 'stroke-dashoffset']) {
      const value = inherited(use, name)
      if (value !== undefined) target.attributes.set(name, value)
    }
  }
}

function isOnlyUsed(element: Element): boolean {
  for (let at: Element | null = element; at; at = at.parent) if (at.name === 'defs' || at.name === 'symbol') return true
  return false
}

/** The length of a shape's outline in its own units; null if it is unknown. */
export function lengthOf({ name, attributes }: Element): number | null {
  const of = (attribute: string) => px(attributes.get(attribute))
  switch (name) {
    case 'line':
      return Math.hypot(of('x2') - of('x1'), of('y2') - of('y1'))
    case 'circle':
      return 2 * Math.PI * of('r')
    case 'rect':
      if (!attributes.has('rx') && !attributes.has('ry')) return 2 * (of('width') + of('height'))
      return measure(roundedRect(attributes))
    case 'ellipse': {
      const [rx, ry] = [px(attributes.get('rx'), of('ry')), px(attributes.get('ry'), of('rx'))]
      return measure(`M${rx} 0A${rx} ${ry} 0 0 1 ${-rx} 0A${rx} ${ry} 0 0 1 ${rx} 0`)
    }
    case 'polyline':
    case 'polygon':
      return measure(`M${attributes.get('points') ?? ''}${name === 'polygon' ? 'Z' : ''}`)
    default:
      return measure(attributes.get('d') ?? '')
  }
}

function roundedRect(attributes: ReadonlyMap<string, string>): string {
  const [width, height] = [px(attributes.get('width')), px(attributes.get('height'))]
  const rx = Math.min(px(attributes.get('rx') ?? attributes.get('ry')), width / 2)
  const ry = Math.min(px(attributes.get('ry') ?? attributes.get('rx')), height / 2)
  const [w, h] = [width - 2 * rx, height - 2 * ry]
  const arc = (x: number, y: number) => `a${rx} ${ry} 0 0 1 ${x} ${y}`
  return `M${rx} 0h${w}${arc(rx, ry)}v${h}${arc(-rx, ry)}h${-w}${arc(-rx, -ry)}v${-h}${arc(rx, -ry)}z`
}

/** The length of path data; null if it is unknown or measuring is too expensive. */
const measure = (data: string): number | null => measurePath(data, SEGMENTS_MAX)?.length || null
