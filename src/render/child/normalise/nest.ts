import { LIMITS, tooComplex } from './limits.ts'
import { OF_GROUP } from './names.ts'
import { INHERITED } from './properties.ts'
import { referenceIn } from './references.ts'
import { viewBoxOf } from './size.ts'
import { append, create, type Element, elementsOf, inherited, type Tree, walk } from './tree.ts'
import { print } from './values.ts'

/**
 * Converts a normalised document to an element of another one, in place of the picture that embedded it: its references are its own, and
 * it inherits nothing from its surroundings. Throws TOO_COMPLEX if all documents together have too many elements.
 */
export function nestTree(inner: Tree, outer: Tree, image: Element): Element {
  outer.elements += inner.elements
  if (outer.elements > LIMITS.elements)
    throw tooComplex(`The embedded documents have more than ${LIMITS.elements} elements.`)
  const prefix = `tn${outer.targets.size}-`
  for (const element of walk(inner.root)) {
    for (const [name, value] of element.attributes) {
      const id = referenceIn(value)
      if (id === null) continue
      element.attributes.set(name, value.startsWith('#') ? `#${prefix}${id}` : `url(#${prefix}${id})`)
    }
  }
  for (const [id, target] of inner.targets) outer.targets.set(prefix + id, target)
  for (const warning of inner.warnings) outer.warnings.add(warning)
  const place = create('svg', { viewBox: inner.root.attributes.get('viewBox') ?? `0 0 ${inner.width} ${inner.height}` })
  for (const side of ['width', 'height'] as const) {
    const other = side === 'width' ? 'height' : 'width'
    const given = image.attributes.get(other)
    // As for any other picture, a missing side follows from the ratio, and two missing sides from the document's own size.
    const own = given === undefined ? inner[side] : (Number(given) * inner[side]) / inner[other]
    if (!image.attributes.has(side)) place.attributes.set(side, print(own))
  }
  for (const name of ['x', 'y', 'width', 'height', 'preserveAspectRatio']) {
    const value = image.attributes.get(name)
    if (value !== undefined) place.attributes.set(name, value)
  }
  if (!isSized(inner.root) && place.attributes.get('preserveAspectRatio') !== 'none') {
    // A document without a size fills the picture's box and fits its content into it.
    const own = inner.root.attributes.get('preserveAspectRatio')
    if (own === undefined) place.attributes.delete('preserveAspectRatio')
    else place.attributes.set('preserveAspectRatio', own)
  }
  // Chromium stretches a document that states no ratio.
  if (viewBoxOf(inner.root.given.viewBox) === null) place.attributes.set('preserveAspectRatio', 'none')
  for (const [name, initial] of INHERITED) {
    const own = inner.root.attributes.get(name)
    if (own !== undefined || inherited(image, name) !== undefined) place.attributes.set(name, own ?? initial)
  }
  if (!place.attributes.has('font-size')) place.attributes.set('font-size', '16')
  for (const child of [...elementsOf(inner.root)]) append(place, child)
  // A group carries the picture's own opacity, mask and so on: engines ignore them on a nested svg.
  const group = create('g', {}, [place])
  for (const name of [...OF_GROUP, 'visibility']) {
    const value = image.attributes.get(name)
    if (value !== undefined) group.attributes.set(name, value)
  }
  return group
}

const isSized = ({ given }: Element): boolean =>
  [given.width, given.height].some((side) => side !== undefined && !side.includes('%'))
