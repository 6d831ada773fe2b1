import { SaxesParser } from 'saxes'
import { AppError } from '../../../core/errors.ts'
import { type AttributeContext, cleanAttributes } from './attributes.ts'
import { parseStyleSheet } from './css.ts'
import { declareEntities } from './doctype.ts'
import { clampFilter } from './filter-numbers.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { ALLOWED, FEATURE_OF, type Feature, HOLDS_TEXT, type Warning } from './names.ts'
import { openNamespaces, SVG } from './namespaces.ts'
import type { Element, Tree } from './tree.ts'

/** Pieces small enough that a limit stops the parser long before the end. */
const PIECE = 65_536

/**
 * Parses the text strictly and keeps what a still picture is made of. The counts are ours and come before the parser's
 * work is done. Throws NOT_SVG, UNSUPPORTED (ill-formed, with line and reason), TOO_COMPLEX or TOO_DEEP.
 */
export function read(text: string): Tree {
  const findings = { warnings: new Set<Warning>(), features: new Set<Feature>() }
  const ids = new Map<string, Element>()
  const styles: Element[] = []
  const namespaces = openNamespaces()
  const context: AttributeContext = {
    findings,
    resolve: namespaces.resolve,
    isTaken: (id) => ids.has(id),
    images: { bytes: 0, pixels: 0 },
    paths: { chars: 0, segments: 0, uncounted: [] },
  }
  const open: Element[] = []
  let root: Element | null = null
  let depth = 0
  let elements = 0
  let attributes = 0
  let ownAttributes = 0
  /** Depth at which an element was left out: all below it goes too. */
  let skipFrom = Number.POSITIVE_INFINITY
  let hasGraph = false
  let hasDashes = false

  // XML 1.1 allows control characters that what we print, XML 1.0, does not.
  const parser = new SaxesParser({ xmlns: false, forceXMLVersion: true, defaultXMLVersion: '1.0' })
  parser.on('doctype', (doctype) => declareEntities(doctype, parser, findings))
  parser.on('opentagstart', () => {
    ownAttributes = 0
    if (++elements > LIMITS.elements) throw tooComplex(`The document has more than ${LIMITS.elements} elements.`)
    if (++depth > LIMITS.depth)
      throw new AppError('TOO_DEEP', `Elements are nested more than ${LIMITS.depth} levels deep.`)
  })
  parser.on('attribute', () => {
    if (++ownAttributes > LIMITS.attributesPerElement || ++attributes > LIMITS.attributes)
      throw tooComplex(`An element or the document has too many attributes: ${ownAttributes}, ${attributes}.`)
  })
  parser.on('opentag', (tag) => {
    namespaces.enter(tag.attributes)
    if (depth > skipFrom) return
    const name = localNameOf(tag.name)
    if (root === null && name !== 'svg')
      throw new AppError('NOT_SVG', `The root element is <${tag.name.slice(0, 40)}>, not <svg>.`)
    if (name === null || !isKept(name, tag.attributes)) skipFrom = depth
    else add(name, tag.attributes)
  })
  parser.on('closetag', () => {
    namespaces.leave()
    if (depth < skipFrom) close(open.pop())
    if (depth === skipFrom) skipFrom = Number.POSITIVE_INFINITY
    depth--
  })
  parser.on('text', addText)
  parser.on('cdata', addText)

  function add(given: string, attributes: Record<string, string>): void {
    const parent = open.at(-1)
    // A link is a group, in text a span.
    const name = given !== 'a' ? given : parent && HOLDS_TEXT.has(parent.name) ? 'tspan' : 'g'
    const cleaned = cleanAttributes(given, attributes, context)
    if (cleaned.isVoid) {
      skipFrom = depth
      return
    }
    const element: Element = { name, attributes: cleaned.attributes, children: [] }
    if (cleaned.pixels > 0) element.pixels = cleaned.pixels
    hasGraph ||= cleaned.isReferring || 'opacity' in attributes || /opacity|filter/.test(attributes.style ?? '')
    hasDashes ||= 'stroke-dasharray' in attributes || (attributes.style?.includes('dasharray') ?? false)
    const id = cleaned.attributes.get('id')
    if (id !== undefined) ids.set(id, element)
    if (name === 'filter' || name.startsWith('fe')) clampFilter(element, findings)
    noteFeatures(element, attributes)
    parent?.children.push(element)
    root ??= element
    open.push(element)
  }

  function noteFeatures({ name }: Element, attributes: Record<string, string>): void {
    const feature = FEATURE_OF.get(name)
    if (feature) findings.features.add(feature)
    if (name === 'use' && open.some((ancestor) => ancestor.name === 'clipPath')) findings.features.add('use-in-clip')
    if (name === 'svg' && root !== null) findings.features.add('nested-svg')
    noteStyle(`${attributes.style ?? ''};filter:${attributes.filter ?? ''}`)
  }

  function noteStyle(css: string): void {
    if (/mix-blend-mode|isolation/.test(css)) findings.features.add('blend')
    if (/filter\s*:[^;]*(?:blur|drop-shadow|brightness|contrast|hue-rotate|invert|opacity|saturate|sepia)\(/.test(css))
      findings.features.add('filter-function')
  }

  function close(element: Element | undefined): void {
    if (element?.name !== 'style') return
    const css = element.children.splice(0).join('')
    element.rules = parseStyleSheet(css, findings)
    styles.push(element)
    hasGraph ||= /url\(|opacity|filter/.test(css)
    hasDashes ||= css.includes('dasharray')
    noteStyle(css)
  }

  function addText(text: string): void {
    const parent = open.at(-1)
    if (depth > skipFrom || depth === skipFrom || !parent || !HOLDS_TEXT.has(parent.name)) return
    if (parent.name !== 'style' && text.trim() !== '') findings.warnings.add('TEXT')
    parent.children.push(text)
  }

  /** The name of an SVG element, null for one of another namespace. */
  function localNameOf(name: string): string | null {
    const colon = name.indexOf(':')
    const uri = namespaces.resolve(colon < 0 ? '' : name.slice(0, colon))
    const isSvg = uri === SVG || (uri === undefined && colon < 0)
    return isSvg ? name.slice(colon + 1) : null
  }

  function isKept(name: string, attributes: Record<string, string>): boolean {
    if (ALLOWED.has(name)) return name !== 'style' || isScreenCss(attributes)
    const isAlternative = name === 'foreignObject' && 'requiredExtensions' in attributes
    if (name === 'script' || (name === 'foreignObject' && !isAlternative)) findings.warnings.add('SCRIPT')
    if (name === 'set' || name.startsWith('animate')) findings.warnings.add('ANIMATION')
    return false
  }

  try {
    for (let from = 0; from < text.length; from += PIECE) parser.write(text.slice(from, from + PIECE))
    parser.close()
  } catch (error) {
    if (error instanceof AppError) throw error
    throw illFormed(error, root !== null)
  }
  if (root === null) throw new AppError('NOT_SVG', 'The file holds no <svg> element.')
  return { root, elements, ids, styles, hasGraph, hasDashes, ...findings }
}

const isScreenCss = ({ type, media }: Record<string, string>) =>
  (!type || /^\s*text\/css/i.test(type)) && (!media || /\b(?:all|screen)\b/i.test(media))

function illFormed(error: unknown, sawRoot: boolean): AppError {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 200)
  return sawRoot
    ? new AppError('UNSUPPORTED', `The document is not well-formed XML at ${reason}`, { cause: error })
    : new AppError('NOT_SVG', `The file is no SVG document: at ${reason}`, { cause: error })
}
