import { type Animated, applyKeyframes, applySmil, isAnimated, type Moment } from './animation.ts'
import { ATTRIBUTES, LEADS_TO, transformList } from './attributes.ts'
import type { Cascade, Declared } from './cascade.ts'
import { COLOURS, type Declaration } from './declarations.ts'
import { fade, fadeOwn, repeatCurrentColor, SOLID } from './fade.ts'
import { withDefaults } from './html-defaults.ts'
import { instantiate, type Uses } from './instances.ts'
import { LIMITS } from './limits.ts'
import { PLACED, PROPERTIES, type Property } from './properties.ts'
import { openReferences, readUrl } from './references.ts'
import { enter, type Scope, valueFor } from './scope.ts'
import type { Keyframe } from './sheet.ts'
import { PAGE_SIDE, resolveSize, type Side, viewBoxOf } from './size.ts'
import type { Element, Tree } from './tree.ts'
import { evaluate, print, type Value } from './values.ts'
import { substitute, type VariableBudget, type Variables } from './variables.ts'
import { hidesContent, pageOf, viewportIn } from './viewport.ts'

/** The documents' style sheets, the moment of their animations, and the initial values of registered variables. */
export interface Style {
  readonly cascade: Cascade | null
  readonly keyframes: ReadonlyMap<string, readonly Keyframe[]>
  readonly moment: Moment
  readonly variables: Variables | null
}

/** Not drawn; their attributes are not properties. */
const STAGE: ReadonlySet<string> = new Set([
  '?',
  'set',
  'animate',
  'animateTransform',
  'animateMotion',
  'animateColor',
  'style',
])

/**
 * Gives each element its final attributes: its properties from the cascade and its own attributes, in px and `#rrggbb`, with valid
 * references only. What is not understood is omitted. Sets the root's size.
 */
export function resolve(tree: Tree, { cascade, keyframes, moment, variables }: Style): void {
  const { warnings } = tree
  const budget: VariableBudget = { left: LIMITS.variablesChars }
  const uses: Uses<Scope> = { found: [], variable: new Set(), at: new Map() }
  const all = { budget, findings: tree, variable: uses.variable }
  const refer = openReferences(tree)
  const animated: Animated = applySmil(tree, moment)
  const page = { width: PAGE_SIDE, height: PAGE_SIDE }
  resolveElement(tree.root, {
    fontSize: 16,
    rootFontSize: 16,
    color: null,
    viewport: page,
    page,
    refer,
    variables,
    fill: SOLID,
    stroke: SOLID,
  })
  if (uses.variable.size > 0) instantiate(tree, uses, resolveElement)

  function resolveElement(element: Element, parent: Scope): void {
    if (STAGE.has(element.name)) return
    const isHtml = element.name.startsWith('html:')
    const found = cascade?.of(element) ?? null
    const declared = isHtml ? withDefaults(element, found, tree) : found
    if (declared && keyframes.size > 0 && isAnimated(declared)) {
      warnings.add('ANIMATION')
      if (moment !== 'start') applyKeyframes(declared, { keyframes, moment, findings: tree })
    }
    for (const name of animated.get(element) ?? []) declared?.delete(name)
    // Chromium does not size nested svg and symbol elements by CSS.
    if (element.name === 'svg' || element.name === 'symbol')
      for (const side of ['width', 'height']) declared?.delete(side)
    const scope = enter(element, declared, { parent, all })
    if (isHtml || element.name === 'foreignObject' || (declared && element.parent === null)) element.context = scope
    if (declared && (isHtml || element.parent === null)) element.style = textsOf(declared)
    readAttributes(element, declared, scope)
    if (declared) for (const declaration of declared.values()) applyDeclaration(element, declaration, scope)
    if (hidesContent(element)) element.children = []
    const inner = finish(element, declared, scope)
    if (element.name === 'use') uses.found.push({ element, scope: inner })
    if (scope.variables && element.given.id) uses.at.set(element, scope.variables)
    for (const child of element.children) if (typeof child !== 'string') resolveElement(child, inner)
  }

  function readAttributes(element: Element, declared: Declared | null, scope: Scope): void {
    const { name, given } = element
    const own = Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined
    for (const attribute in given) {
      const text = given[attribute] as string
      const special = own?.[attribute]
      if (special !== undefined && Object.hasOwn(own ?? {}, attribute)) {
        if (declared?.has(attribute) && PLACED[attribute]?.has(name)) continue
        const value = evaluate(special(text, given), scope)
        if (value !== null) element.attributes.set(attribute, value)
      } else if (attribute === 'href') readHref(element, text)
      else if (Object.hasOwn(PROPERTIES, attribute)) {
        const property = PROPERTIES[attribute] as Property
        if (property.isCssOnly || declared?.has(attribute)) continue
        applyAttribute(element, attribute, { property, text, scope })
      }
    }
  }

  function applyAttribute(
    element: Element,
    name: string,
    { property, text, scope }: { property: Property; text: string; scope: Scope },
  ): void {
    if (name === 'transform') {
      const list = evaluate(transformList(text), scope)
      if (list !== null) setExtra(element, name, list, scope)
      return
    }
    const wide = WIDE.get(text.trim().toLowerCase())
    if (wide !== undefined) {
      applyDeclaration(element, { property: name, isImportant: false, value: null, wide, text }, scope)
      return
    }
    // A presentation attribute with var() is resolved as in CSS.
    if (/\bvar\(/i.test(text)) {
      uses.variable.add(element)
      const replaced = substitute(text, scope.variables, budget)
      if (replaced !== null) apply(element, name, { property, value: property.parse(replaced.trim()), scope })
      return
    }
    const value = property.parse(text)
    if (value === null && COLOURS.test(name)) warnings.add('UNKNOWN_COLOR')
    apply(element, name, { property, value, scope })
  }

  function applyDeclaration(element: Element, declaration: Declaration, scope: Scope): void {
    const { property: name } = declaration
    const property = Object.hasOwn(PROPERTIES, name) ? PROPERTIES[name] : undefined
    if (!property) return
    if (declaration.wide === null) {
      apply(element, name, { property, value: declaration.value, scope })
      return
    }
    const value = valueFor(declaration, name, element, scope)
    if (value !== null) apply(element, name, { property, value, scope })
    else if (!property.isInherited) element.attributes.delete(name)
  }

  function apply(
    element: Element,
    name: string,
    { property, value, scope }: { property: Property; value: Value | null; scope: Scope },
  ): void {
    const placed = PLACED[name]
    if (placed && !placed.has(element.name)) return
    const final = name === 'font-size' ? print(scope.fontSize) : evaluate(value, scope)
    if (final === null || (placed && final === 'auto') || (name === 'color' && final === 'currentColor')) return
    if (property.isExtra) setExtra(element, name, final, scope)
    else element.attributes.set(name, final)
  }

  function setExtra(element: Element, name: string, value: string, scope: Scope): void {
    if (name === 'transform' || !/^url\(/i.test(value)) {
      element.extra ??= new Map()
      element.extra.set(name, value)
      element.context = scope
      return
    }
    const kind = name === 'mask-image' ? 'mask' : name
    // Browsers ignore masks on masks.
    if (kind === 'mask' && element.name === 'mask') return
    const url = readUrl(value)
    if (!url) return
    // `url(#a) url(#b)`: a later step combines a list of filters into one element.
    if (kind === 'filter' && url.rest !== '') {
      element.extra ??= new Map()
      element.extra.set(kind, value)
      element.context = scope
      return
    }
    const reference = refer(url.address, TARGETS[kind] ?? new Set())
    if (reference !== null) element.attributes.set(kind, reference)
  }

  function readHref(element: Element, text: string): void {
    const address = text.trim()
    if (element.name === 'image' || (element.name === 'feImage' && !address.startsWith('#'))) {
      if (/^data:/i.test(address)) element.attributes.set('href', address)
      else if (address !== '') warnings.add(/^javascript:/i.test(address) ? 'SCRIPT' : 'EXTERNAL_REFERENCE')
      return
    }
    if (/^javascript:/i.test(address)) warnings.add('SCRIPT')
    const names = Object.hasOwn(LEADS_TO, element.name) ? LEADS_TO[element.name] : undefined
    if (!names) return
    const reference = refer(address, names)
    if (reference !== null) element.attributes.set('href', `#${reference.slice(5, -1)}`)
  }

  /** Properties that depend on several of an element's values, and the scope of its children. */
  function finish(element: Element, declared: Declared | null, scope: Scope): Scope {
    const { attributes } = element
    if (element.parent === null) return finishRoot(element, declared, scope)
    const fill = fade(attributes, 'fill', scope.fill)
    const stroke = fade(attributes, 'stroke', scope.stroke)
    for (const color of ['stop', 'flood']) {
      const value = attributes.get(`${color}-color`)
      if (value?.length === 9 && value[0] === '#') fadeOwn(attributes, `${color}-color`, `${color}-opacity`)
    }
    if (attributes.get('color')?.length === 9) fadeOwn(attributes, 'color', null)
    if (attributes.has('color')) repeatCurrentColor(element)
    if (attributes.get('lighting-color')?.length === 9) fadeOwn(attributes, 'lighting-color', null)
    const viewport = viewportIn(element, scope)
    const isSame = fill === scope.fill && stroke === scope.stroke && viewport === scope.viewport
    return isSame ? scope : { ...scope, fill, stroke, viewport }
  }

  /** The root's own size comes first: everything else may depend on it. */
  function finishRoot(root: Element, declared: Declared | null, scope: Scope): Scope {
    const side = (name: 'width' | 'height'): Side => {
      const px = root.attributes.get(name)
      root.attributes.delete(name)
      const written = declared?.get(name)?.text ?? root.given[name] ?? ''
      // Relative to a page that does not exist.
      return { px: Number(px ?? Number.NaN), isRelative: /%|\dv/.test(written) }
    }
    const size = resolveSize(root, { width: side('width'), height: side('height') })
    tree.width = size.width
    tree.height = size.height
    for (const name of ['x', 'y']) root.attributes.delete(name)
    const box = viewBoxOf(root.attributes.get('viewBox')) ?? size
    const fill = fade(root.attributes, 'fill', SOLID)
    const stroke = fade(root.attributes, 'stroke', SOLID)
    if (root.attributes.get('color')?.length === 9) fadeOwn(root.attributes, 'color', null)
    return { ...scope, viewport: { width: box.width, height: box.height }, page: pageOf(size), fill, stroke }
  }
}

/** For code that lays out boxes. */
const textsOf = (declared: Declared): ReadonlyMap<string, string> =>
  new Map([...declared].map(([property, { text }]) => [property, text]))

const WIDE: ReadonlyMap<string, 'inherit' | 'initial' | 'unset'> = new Map([
  ['inherit', 'inherit'],
  ['initial', 'initial'],
  ['unset', 'unset'],
])

const TARGETS: Readonly<Record<string, ReadonlySet<string>>> = {
  'clip-path': new Set(['clipPath']),
  mask: new Set(['mask']),
  filter: new Set(['filter']),
}
