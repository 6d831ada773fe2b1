import { checkDashes } from './dashes.ts'
import { decode } from './decode.ts'
import { isFarRegion } from './filter-numbers.ts'
import { checkGraph } from './graph.ts'
import type { Feature, Warning } from './names.ts'
import { read } from './read.ts'
import { settleSize, viewBoxOf } from './size.ts'
import { checkStyles } from './styles.ts'
import { type Element, elementsOf, type Tree } from './tree.ts'
import { unpack } from './unpack.ts'
import { printBody, printRoot } from './write.ts'

/** A document that a rasteriser may see. */
export interface SanitisedSvg {
  readonly svg: string
  /** The document with other attributes of the root, so that it is drawn at another size without being parsed again. */
  readonly withRoot: (change: (root: Record<string, string>) => Readonly<Record<string, string>>) => string
  /** The letters of its text elements. */
  readonly text: string
  /** Intrinsic size in CSS px, finite and above 0: see settleSize. The document's own is scaled down to 4096 px. */
  readonly width: number
  readonly height: number
  readonly warnings: readonly Warning[]
  readonly features: ReadonlySet<Feature>
}

/**
 * A vendor's bytes as a still, self-contained, bounded SVG: plain or SVGZ, in any encoding it declares. What is drawn
 * stays as it was written; what could load, run or never end is left out with a warning or refused. Sanitising twice
 * changes nothing. Throws EMPTY, NOT_SVG, TOO_LARGE, TOO_DEEP, TOO_COMPLEX or UNSUPPORTED.
 */
export function sanitise(bytes: Uint8Array): SanitisedSvg {
  const tree = read(decode(unpack(bytes)))
  const { width, height } = settleSize(tree.root, tree)
  const box = viewBoxOf(tree.root.attributes.get('viewBox')) ?? { width, height }
  const extent = Math.max(box.width, box.height)
  checkStyles(tree)
  if (tree.hasGraph) checkGraph(tree, extent)
  if (tree.hasDashes) checkDashes(tree)
  noteFarFilters(tree, extent)
  const body = printBody(tree.root)
  const withRoot: SanitisedSvg['withRoot'] = (change) =>
    printRoot(change(Object.fromEntries(tree.root.attributes)), body)
  return {
    svg: withRoot((root) => root),
    withRoot,
    text: tree.features.has('text') ? textOf(tree.root) : '',
    width,
    height,
    warnings: [...tree.warnings],
    features: tree.features,
  }
}

function textOf(element: Element): string {
  if (element.name === 'text') return lettersOf(element)
  let text = ''
  for (const child of elementsOf(element)) text += textOf(child)
  return text
}

const lettersOf = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? child : lettersOf(child))).join('')

function noteFarFilters({ root, features }: Tree, extent: number): void {
  if (!features.has('filter')) return
  const isFar = (element: Element): boolean => {
    const isPart = element.name === 'filter' || element.name.startsWith('fe')
    if (isPart && isFarRegion(element, extent)) return true
    for (const child of elementsOf(element)) if (isFar(child)) return true
    return false
  }
  if (isFar(root)) features.add('filter-region')
}
