import type { Moment } from './animation.ts'
import type { Size } from './box.ts'
import { type Cascade, openCascade } from './cascade.ts'
import { resolveClipShapes } from './clip-shapes.ts'
import { resolveContextPaints } from './context-paints.ts'
import { checkDashes } from './dash-budget.ts'
import { resolveDashLengths } from './dash-lengths.ts'
import { decode } from './decode.ts'
import { type Counts, collectFeatures } from './features.ts'
import { resolveFilterFunctions } from './filter-functions.ts'
import { clampFilter } from './filter-numbers.ts'
import { resolveFilters } from './filters.ts'
import { readFontFaces } from './font-faces.ts'
import { resolveForeignObjects } from './foreign.ts'
import { resolveGradients } from './gradients.ts'
import { checkGraph } from './graph-budget.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { resolveMarkers } from './markers.ts'
import type { Feature, Warning } from './names.ts'
import { nestTree } from './nest.ts'
import { embedPictures } from './pictures.ts'
import { linkIds, linkValue, printBody, printRoot } from './print.ts'
import { read } from './read.ts'
import { resolve } from './resolve.ts'
import { resolveRoot } from './root.ts'
import { parseSheets, type Sheet } from './sheet.ts'
import { PAGE_SIDE, viewBoxOf } from './size.ts'
import { resolveSwitches } from './switches.ts'
import { resolveSymbols } from './symbols.ts'
import { resolveText } from './text.ts'
import { resolveTransforms } from './transforms.ts'
import { type Element, type Tree, type Work, walk } from './tree.ts'
import { unpack } from './unpack.ts'
import type { Variables } from './variables.ts'

/** A document that is safe to hand to an engine: plain static SVG that refers to nothing outside of itself. */
export interface NormalisedSvg extends Size {
  readonly svg: string
  /** The same document with other attributes on its root. */
  readonly withRoot: (change: (root: Readonly<Record<string, string>>) => Readonly<Record<string, string>>) => string
  /** All text that it draws. */
  readonly text: string
  readonly warnings: readonly Warning[]
  readonly features: ReadonlySet<Feature>
  readonly counts: Counts
  /** What drawing it takes. */
  readonly work: Work
}

/**
 * Does the work of a browser's style engine once, so that every engine sees the same plain static SVG: attributes only, no style sheets
 * or classes, px and `#rrggbb`, valid references. What is not understood is not printed. The cost is linear in the size of the document.
 * Throws an AppError whose code says why the document cannot be drawn.
 * @param moment of an animated document: before the animations begin, or after they end
 */
export async function normalise(bytes: Uint8Array, moment: Moment = 'start'): Promise<NormalisedSvg> {
  try {
    return await printTree(await settle(read(decode(unpack(bytes))), moment))
  } catch (error) {
    // A document may nest or repeat in a way that no limit counts, up to the limits of the JavaScript engine.
    if (error instanceof RangeError) throw tooComplex('The document is too large or too deep to be read.')
    throw error
  }
}

/** The steps, in order. */
async function settle(tree: Tree, moment: Moment): Promise<Tree> {
  tree.nest = (bytes, image) => nest(bytes, image, { outer: tree, moment })
  const sheet = parseSheets(tree.sheets, { width: PAGE_SIDE, height: PAGE_SIDE }, tree)
  readFontFaces(sheet.fontFaces, tree)
  resolve(tree, { cascade: cascadeOf(tree, sheet), keyframes: sheet.keyframes, moment, variables: variablesOf(sheet) })
  if (tree.root.children.length > 0) {
    resolveSwitches(tree)
    resolveLinks(tree)
    if (tree.has.foreign) resolveForeignObjects(tree)
    resolveTransforms(tree)
    resolveRoot(tree)
    if (tree.has.symbol) resolveSymbols(tree)
    if (tree.has.contextPaint) resolveContextPaints(tree)
    resolveClipShapes(tree)
    if (tree.has.filter) resolveFilters(tree)
    resolveFilterFunctions(tree)
    if (tree.has.oddGradient) resolveGradients(tree)
    if (tree.has.pathLength) resolveDashLengths(tree)
    if (tree.has.marker) resolveMarkers(tree)
    if (tree.images.length > 0) await embedPictures(tree)
    resolveText(tree)
  }
  const box = viewBoxOf(tree.root.attributes.get('viewBox')) ?? tree
  clampFilters(tree)
  tree.work = checkGraph(tree, Math.max(box.width, box.height))
  checkDashes(tree.root)
  return tree
}

/** Null if the document has no style at all, as most icons. */
function cascadeOf(tree: Tree, sheet: Sheet): Cascade | null {
  return sheet.rules.length > 0 || tree.has.style ? openCascade(sheet, tree) : null
}

const variablesOf = ({ variables }: Sheet): Variables | null =>
  variables.size > 0 ? { own: variables, parent: null } : null

async function nest(
  bytes: Uint8Array,
  image: Element,
  { outer, moment }: { outer: Tree; moment: Moment },
): Promise<Element | null> {
  if (outer.depth >= LIMITS.nestedDocuments) return null
  // Not decompressed: browsers do not decompress embedded documents. Its size is part of the whole document's.
  const inner = read(decode(bytes))
  inner.depth = outer.depth + 1
  return nestTree(await settle(inner, moment), outer, image)
}

/** A link becomes a group, or a span within text. */
function resolveLinks(tree: Tree): void {
  for (const element of walk(tree.root)) {
    if (element.name !== 'a') continue
    const isText = element.parent !== null && IS_TEXT.test(element.parent.name)
    element.name = isText ? 'tspan' : 'g'
    if (!isText) element.children = element.children.filter((child) => typeof child !== 'string')
  }
}

const IS_TEXT = /^(?:text|tspan|textPath)$/

function clampFilters(tree: Tree): void {
  for (const element of walk(tree.root))
    if (element.name === 'filter' || element.name.startsWith('fe')) clampFilter(element, tree)
}

function printTree(tree: Tree): NormalisedSvg {
  const { root, width, height } = tree
  const box = viewBoxOf(root.attributes.get('viewBox')) ?? tree
  const { counts, text } = collectFeatures(tree, Math.max(box.width, box.height))
  const ids = linkIds(tree)
  const body = printBody(root, ids)
  // Engines differ on the default font size.
  const head = { width: '', height: '', viewBox: '', ...(text === '' ? {} : { 'font-size': '16' }) }
  const attributes = { ...head, ...Object.fromEntries(readPrinted(root.attributes, ids)) }
  const withRoot: NormalisedSvg['withRoot'] = (change) => printRoot(Object.entries(change(attributes)), body)
  return {
    svg: withRoot((same) => same),
    withRoot,
    text,
    width,
    height,
    warnings: [...tree.warnings],
    features: tree.features,
    counts,
    work: tree.work,
  }
}

const readPrinted = (attributes: ReadonlyMap<string, string>, ids: ReadonlyMap<string, string>): [string, string][] =>
  [...attributes].map(([name, value]) => [name, linkValue(value, ids)])
