import { SaxesParser } from 'saxes'
import { AppError } from '../../../core/errors.ts'
import { expandEntities } from './entities.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { type Feature, HOLDS_TEXT, READ, type Warning } from './names.ts'
import { openNamespaces, SVG, XHTML, XLINK, XML } from './namespaces.ts'
import { countSegments } from './path-data.ts'
import type { Element, Presence, Tree } from './tree.ts'
import { NO_WORK } from './work.ts'

/** Chunks small enough that a limit stops the parser long before the end. */
const PIECE = 65_536

/**
 * Parses the text strictly into the elements that a picture may contain, as written. Content after the root is ignored. The limits are
 * checked while parsing. Throws NOT_SVG, UNSUPPORTED (ill-formed, with line and reason), TOO_COMPLEX or TOO_DEEP.
 */
export function read(source: string): Tree {
  const findings = { warnings: new Set<Warning>(), features: new Set<Feature>() }
  const text = expandEntities(source, findings)
  const ids = new Map<string, Element>()
  const sheets: string[] = []
  const images: Element[] = []
  const animations: Element[] = []
  const has: Presence = {
    style: false,
    marker: false,
    pathLength: false,
    foreign: false,
    symbol: false,
    filter: false,
    oddGradient: false,
    contextPaint: CONTEXT_PAINT.test(text),
  }
  const namespaces = openNamespaces()
  const paths: PathCount = { chars: 0, segments: 0, uncounted: [] }
  const open: Element[] = []
  let root: Element | null = null
  let isDone = false
  let depth = 0
  let elements = 0
  let attributes = 0
  let ownAttributes = 0
  /** Depth of the element that is being left out, with its descendants. */
  let skipFrom = Number.POSITIVE_INFINITY

  // XML 1.1 allows control characters that XML 1.0, which we print, does not.
  const parser = new SaxesParser({ xmlns: false, forceXMLVersion: true, defaultXMLVersion: '1.0' })
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
    const name = nameOf(tag.name)
    if (root === null && name !== 'svg')
      throw new AppError('NOT_SVG', `The root element is <${tag.name.slice(0, 40)}>, not <svg>.`)
    add(name, tag.attributes)
    if (!isRead(name)) skipFrom = depth
  })
  parser.on('closetag', () => {
    namespaces.leave()
    if (depth <= skipFrom) close(open.pop())
    if (depth === skipFrom) skipFrom = Number.POSITIVE_INFINITY
    if (--depth === 0) isDone = true
  })
  parser.on('text', addText)
  parser.on('cdata', addText)

  /** Elements that are left out stay as names without attributes: selectors count siblings. */
  function add(name: string, written: Record<string, string>): void {
    // Its own object for nothing would be a fifth of what an element takes.
    const given = isRead(name) && ownAttributes > 0 ? unprefix(written) : EMPTY
    const parent = open.at(-1) ?? null
    const element: Element = { name, given, attributes: new Map(), children: [], parent }
    if (given.id && !ids.has(given.id)) ids.set(given.id, element)
    parent?.children.push(element)
    root ??= element
    open.push(element)
    note(element)
  }

  function note(element: Element): void {
    const { name, given } = element
    if (name === 'script') findings.warnings.add('SCRIPT')
    else if (name === 'image' || name === 'feImage') images.push(element)
    else if (name === 'marker') has.marker = true
    else if (name === 'symbol' || (name === 'svg' && element.parent)) has.symbol = true
    else if (name === 'filter') has.filter = true
    else if (name === 'radialGradient') has.oddGradient ||= Number.parseFloat(given.r ?? '') <= 0
    else if (name === 'foreignObject') has.foreign = true
    else if (name === 'set' || name.startsWith('animate')) {
      findings.warnings.add('ANIMATION')
      animations.push(element)
    }
    if (given.style !== undefined) has.style = true
    if (given['color-interpolation'] === 'linearRGB') has.oddGradient = true
    if (given.pathLength !== undefined) has.pathLength = true
    if (given.d !== undefined) countPath(given.d, paths)
    if (given.points !== undefined) countPath(given.points, paths)
  }

  /** Names without a namespace, `xlink:href` as `href` unless that is present too, and `xml:space`; all others are dropped. */
  function unprefix(written: Record<string, string>): Readonly<Record<string, string>> {
    let isForeign = false
    for (const name in written) {
      if (name.includes(':') || name.startsWith('on')) {
        isForeign = true
        break
      }
    }
    if (!isForeign) return written
    const given: Record<string, string> = {}
    for (const name in written) {
      const value = written[name] as string
      const colon = name.indexOf(':')
      if (colon < 0) {
        if (/^on/i.test(name)) findings.warnings.add('SCRIPT')
        else given[name] = value
        continue
      }
      const uri = namespaces.resolve(name.slice(0, colon))
      const local = name.slice(colon + 1)
      if (uri === XLINK && local === 'href' && written.href === undefined) given.href = value
      else if (uri === XML && local === 'space') given['xml:space'] = value
    }
    return given
  }

  function close(element: Element | undefined): void {
    if ((element?.name === 'style' || element?.name === 'html:style') && isCss(element.given)) {
      const { media } = element.given
      const css = element.children.join('')
      sheets.push(media?.trim() ? `@media ${media.replaceAll(/[{};]/g, '')}{${css}\n}` : css)
    }
  }

  function addText(text: string): void {
    const parent = open.at(-1)
    if (depth >= skipFrom || !parent) return
    if (HOLDS_TEXT.has(parent.name) || parent.name.startsWith('html:')) parent.children.push(text)
  }

  /** The local name of an SVG element, `html:p` for XHTML, `?` for any other namespace. */
  function nameOf(name: string): string {
    const colon = name.indexOf(':')
    const uri = namespaces.resolve(colon < 0 ? '' : name.slice(0, colon))
    if (uri === SVG || (uri === undefined && colon < 0)) return name.slice(colon + 1)
    return uri === XHTML ? `html:${name.slice(colon + 1)}` : '?'
  }

  try {
    for (let from = 0; from < text.length && !isDone; from += PIECE) parser.write(text.slice(from, from + PIECE))
    if (!isDone) parser.close()
  } catch (error) {
    if (error instanceof AppError) throw error
    // After the root there may be NULs, a second document, or the remains of a broken upload: nothing that is drawn.
    if (!isDone) throw illFormed(error, root !== null)
  }
  if (root === null) throw new AppError('NOT_SVG', 'The file holds no <svg> element.')
  return {
    root,
    ids,
    sheets,
    images,
    animations,
    fontFaces: [],
    has,
    targets: new Map(),
    depth: 0,
    work: NO_WORK,
    nest: () => Promise.resolve(null),
    elements,
    width: 0,
    height: 0,
    ...findings,
  }
}

const CONTEXT_PAINT = /context-(?:fill|stroke)/
const EMPTY: Readonly<Record<string, string>> = Object.freeze({})
const isRead = (name: string): boolean => READ.has(name) || name.startsWith('html:')
const isCss = ({ type }: Readonly<Record<string, string>>) => !type?.trim() || /^\s*text\/css/i.test(type)

/** A cheap bound: segments are counted only in data that is long enough to exceed the limit. */
interface PathCount {
  chars: number
  segments: number
  uncounted: string[]
}

function countPath(data: string, paths: PathCount): void {
  paths.chars += data.length
  if (paths.chars > LIMITS.pathChars) throw tooComplex(`The paths have more than ${LIMITS.pathChars} characters.`)
  paths.uncounted.push(data)
  if (paths.chars <= LIMITS.pathSegments) return
  for (const uncounted of paths.uncounted.splice(0)) paths.segments += countSegments(uncounted)
  if (paths.segments > LIMITS.pathSegments)
    throw tooComplex(`The paths have more than ${LIMITS.pathSegments} segments.`)
}

function illFormed(error: unknown, sawRoot: boolean): AppError {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 200)
  return sawRoot
    ? new AppError('UNSUPPORTED', `The document is not well-formed XML at ${reason}`, { cause: error })
    : new AppError('NOT_SVG', `The file is not an SVG document: at ${reason}`, { cause: error })
}
