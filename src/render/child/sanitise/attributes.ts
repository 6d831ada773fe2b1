import { parseDeclarations, printDeclarations } from './css.ts'
import { countSegments } from './geometry.ts'
import { readDataUri } from './images.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { HAS_HREF } from './names.ts'
import type { Findings } from './tree.ts'
import { cleanValue, isPlain } from './urls.ts'

export const XLINK = 'http://www.w3.org/1999/xlink'
export const XML = 'http://www.w3.org/XML/1998/namespace'

/** What the attributes of all elements of one document share. */
export interface AttributeContext {
  readonly findings: Findings
  /** The namespace of a prefix in scope. */
  readonly resolve: (prefix: string) => string | undefined
  readonly isTaken: (id: string) => boolean
  readonly images: { bytes: number; pixels: number }
  readonly paths: PathCount
}

/** Data is only counted once there is enough of it: a segment has a character at least. */
export interface PathCount {
  chars: number
  segments: number
  uncounted: string[]
}

export interface Cleaned {
  readonly attributes: Map<string, string>
  readonly pixels: number
  /** True where the element is nothing without a reference that was left out. */
  readonly isVoid: boolean
  readonly isReferring: boolean
}

/**
 * The attributes of an allowed element that may stay, as written unless a rule changes them. Unprefixed attributes the
 * engines do not know stay too: a selector may name them.
 */
export function cleanAttributes(name: string, given: Record<string, string>, context: AttributeContext): Cleaned {
  const { findings } = context
  const attributes = new Map<string, string>()
  let href: string | undefined
  let isReferring = false
  for (const attribute in given) {
    const value = given[attribute] ?? ''
    const known = attribute.includes(':') ? unprefixed(attribute, context) : attribute
    if (known === null || known === 'src' || known.startsWith('xmlns')) continue
    if (known === 'href') {
      // SVG 2: href without a namespace wins.
      if (href === undefined || attribute === 'href') href = value
    } else if (/^on/i.test(known)) {
      findings.warnings.add('SCRIPT')
    } else if (known === 'id') {
      // The first one is the one that everybody means; engines differ on the second.
      if (value !== '' && !context.isTaken(value)) attributes.set('id', value)
    } else if (known === 'style') {
      const style = cleanStyle(value, findings)
      if (style !== '') attributes.set('style', style)
      isReferring ||= style.includes('(')
    } else if (isPlain(value)) {
      if (known === 'd' || known === 'points') countPath(value, context.paths)
      if (isName(known)) attributes.set(known, value)
    } else if (isName(known) && known !== 'd' && known !== 'points') {
      const cleaned = cleanValue(value, findings)
      if (cleaned !== null) attributes.set(known, cleaned)
      isReferring ||= cleaned !== null && /^(?:fill|stroke|filter|mask|clip-path|marker)/.test(known)
    }
  }
  if (href === undefined) return { attributes, pixels: 0, isVoid: false, isReferring }
  const kept = cleanHref(name, href.trim(), context)
  if (kept.href !== null) attributes.set('href', kept.href)
  const isVoid = kept.href === null && (name === 'image' || name === 'use')
  return { attributes, pixels: kept.pixels, isVoid, isReferring: isReferring || kept.href?.[0] === '#' }
}

const isName = (attribute: string) => /^(?:xml:)?[a-zA-Z][\w.-]*$/.test(attribute)

/** The name to write for a prefixed attribute, null for a foreign one. */
function unprefixed(attribute: string, { resolve }: AttributeContext): string | null {
  const colon = attribute.indexOf(':')
  const local = attribute.slice(colon + 1)
  if (attribute.startsWith('xmlns:')) return null
  const uri = resolve(attribute.slice(0, colon))
  if (uri === XLINK && local === 'href') return 'href'
  return uri === XML && (local === 'space' || local === 'lang') ? `xml:${local}` : null
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

/** Verbatim where nothing in it can refer, hide or end anything; our own print of what stays otherwise. */
export function cleanStyle(style: string, findings: Findings): string {
  if (!/[(\\@{}<"'\0]|\/\*|behavior|moz-binding/i.test(style)) return style
  return printDeclarations(parseDeclarations(style, findings))
}

function cleanHref(name: string, href: string, context: AttributeContext): { href: string | null; pixels: number } {
  const { findings, images } = context
  const out = { href: null, pixels: 0 }
  // Up to a space: there svgtypes ends the name, and would look for another id than the one that was weighed.
  if (/^#\S+$/.test(href)) return HAS_HREF.has(name) ? { href, pixels: 0 } : out
  if (/^javascript:/i.test(href)) findings.warnings.add('SCRIPT')
  if (name === 'a' || href === '' || href === '#') return out
  if (!/^data:/i.test(href) || (name !== 'image' && name !== 'feImage')) {
    findings.warnings.add('EXTERNAL_REFERENCE')
    return out
  }
  const picture = readDataUri(href)
  if (typeof picture === 'string') {
    findings.warnings.add(picture)
    return out
  }
  const bytes = images.bytes + picture.bytes
  const pixels = images.pixels + picture.pixels
  if (bytes > LIMITS.imagesBytes || pixels > LIMITS.imagesPixels) {
    findings.warnings.add('TOO_LARGE')
    return out
  }
  images.bytes = bytes
  images.pixels = pixels
  findings.features.add('image').add(picture.feature)
  return { href: picture.uri, pixels: picture.pixels }
}
