import { LIMITS, tooComplex } from './limits.ts'
import { OF_GROUP } from './names.ts'
import { INHERITED } from './properties.ts'
import { referenceIn } from './references.ts'
import { append, create, type Element, elementsOf, inherited, type Tree, walk } from './tree.ts'

/**
 * A settled document as an element of another one, in the place of the picture that it was: what it refers to is its own, and
 * nothing around it is inherited. Throws TOO_COMPLEX where all documents together are too many elements.
 */
export function nestTree(inner: Tree, outer: Tree, image: Element): Element {
  outer.elements += inner.elements
  if (outer.elements > LIMITS.elements)
    throw tooComplex(`The documents in the document have more than ${LIMITS.elements} elements.`)
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
  for (const name of ['x', 'y', 'width', 'height', 'preserveAspectRatio']) {
    const value = image.attributes.get(name)
    if (value !== undefined) place.attributes.set(name, value)
  }
  for (const [name, initial] of INHERITED) {
    const own = inner.root.attributes.get(name)
    if (own !== undefined || inherited(image, name) !== undefined) place.attributes.set(name, own ?? initial)
  }
  if (!place.attributes.has('font-size')) place.attributes.set('font-size', '16')
  for (const child of [...elementsOf(inner.root)]) append(place, child)
  // What the picture itself has, as a group: a nested svg knows no opacity.
  const group = create('g', {}, [place])
  for (const name of [...OF_GROUP, 'visibility']) {
    const value = image.attributes.get(name)
    if (value !== undefined) group.attributes.set(name, value)
  }
  return group
}
