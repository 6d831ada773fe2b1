import { isFarRegion } from './filter-numbers.ts'
import { FEATURE_OF, type Feature } from './names.ts'
import { type Element, elementsOf, inherited, type Tree, textOf, walk } from './tree.ts'

/** Counts of the printed tree, used to choose the engine. */
export interface Counts {
  elements: number
  gradients: number
  /** Characters of path data. */
  pathChars: number
}

/** Collects the features and counts of what will be printed. @param extent the root's larger side in user units */
export function collectFeatures(tree: Tree, extent: number): { counts: Counts; text: string } {
  const { features } = tree
  const counts: Counts = { elements: 0, gradients: 0, pathChars: 0 }
  let text = ''
  for (const element of walk(tree.root)) {
    counts.elements++
    const { name, attributes } = element
    const feature = FEATURE_OF.get(name)
    if (feature) features.add(feature)
    if (feature === 'gradient') counts.gradients++
    if (name === 'path') counts.pathChars += attributes.get('d')?.length ?? 0
    if (IS_ODD[name]?.(element)) features.add(ODD[name] as Feature)
    if (name === 'svg' && element.parent) features.add('nested-svg')
    if (name === 'text') text += textOf(element)
    if ((name === 'filter' || name.startsWith('fe')) && isFarRegion(element, extent)) features.add('filter-region')
    if (name === 'use' && isIn(element, 'clipPath')) features.add('use-in-clip')
    for (const [attribute, property] of PROPERTY_FEATURES) if (attributes.has(attribute)) features.add(property)
    if (name === 'text' || name === 'tspan') collectTextFeatures(attributes, features)
  }
  if (text.trim() !== '') tree.warnings.add('TEXT')
  return { counts, text }
}

/** Uses of an element that some engines do not draw. */
const ODD: Readonly<Record<string, Feature>> = {
  clipPath: 'clip-complex',
  feGaussianBlur: 'blur-region',
  pattern: 'pattern-view-box',
}
const IS_ODD: Readonly<Record<string, (element: Element) => boolean>> = {
  clipPath: (clip) =>
    clip.attributes.get('clipPathUnits') === 'objectBoundingBox' ||
    [...elementsOf(clip)].some(
      (shape, _, { length }) =>
        shape.attributes.has('clip-path') || (length > 1 && inherited(shape, 'clip-rule') === 'evenodd'),
    ),
  feGaussianBlur: ({ attributes, parent }) =>
    parent?.attributes.get('primitiveUnits') !== 'objectBoundingBox' &&
    ['x', 'y', 'width', 'height'].some((name) => attributes.has(name)),
  pattern: ({ attributes }) => attributes.has('viewBox'),
}

const PROPERTY_FEATURES: readonly (readonly [string, Feature])[] = [
  ['mix-blend-mode', 'blend'],
  ['isolation', 'blend'],
  ['opacity', 'opacity'],
  ['paint-order', 'paint-order'],
  ['vector-effect', 'vector-effect'],
]

function collectTextFeatures(attributes: ReadonlyMap<string, string>, features: Set<Feature>): void {
  const isList = (name: string) => /\d[\s,]+[\d.+-]/.test(attributes.get(name) ?? '')
  const isLength = attributes.has('textLength') || attributes.has('rotate') || attributes.has('word-spacing')
  if (isLength || ['x', 'y', 'dx', 'dy'].some(isList)) features.add('text-length')
}

const isIn = (element: Element, name: string): boolean => {
  for (let at = element.parent; at; at = at.parent) if (at.name === name) return true
  return false
}
