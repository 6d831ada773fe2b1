import type { Atrule, Block, Declaration as CssDeclaration, CssNode, Rule as CssRule } from 'css-tree'
import type { Size } from './box.ts'
import { type Declaration, declare, stripComments } from './declarations.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { mediaHolds } from './media.ts'
import { isImportant, parseCss } from './parse-css.ts'
import { type Bounds, readBounds, within } from './scope-rule.ts'
import { supports } from './supports.ts'
import type { Findings } from './tree.ts'
import { split } from './values.ts'

export interface Rule {
  /** The selector list before the block, with `&` expanded. */
  readonly selectors: string
  readonly declarations: readonly Declaration[]
  /** Rules of later layers win over earlier ones; rules without a layer win over all. */
  readonly layer: number
  /** Selects the roots of the rule's `@scope`: of equally specific rules, that of the nearest root wins. */
  readonly roots: string | null
}

export interface Keyframe {
  /** 0 to 1. */
  readonly at: number
  readonly declarations: readonly Declaration[]
}

export interface FontFaceRule {
  readonly descriptors: ReadonlyMap<string, string>
}

export interface Sheet {
  readonly rules: Rule[]
  readonly keyframes: Map<string, Keyframe[]>
  readonly fontFaces: FontFaceRule[]
  /** Namespaces by selector prefix; '' is the one of names without a prefix. */
  readonly namespaces: Map<string, string>
  /** Initial values of variables that `@property` registers. */
  readonly variables: Map<string, string>
}

const UNLAYERED = Number.MAX_SAFE_INTEGER

/** Parses the document's style sheets as one. Throws TOO_COMPLEX. */
export function parseSheets(sheets: readonly string[], page: Size, findings: Findings): Sheet {
  const sheet: Sheet = { rules: [], keyframes: new Map(), fontFaces: [], namespaces: new Map(), variables: new Map() }
  const layers = new Map<string, number>()
  let declarations = 0
  let chars = 0
  for (const css of sheets) {
    chars += css.length
    if (chars > LIMITS.cssChars + EMBEDDED_CHARS)
      throw tooComplex(`The style sheets have more than ${LIMITS.cssChars + EMBEDDED_CHARS} characters.`)
    readBlocks(css, { parents: null, layer: UNLAYERED, depth: 0, bounds: null })
  }
  return sheet

  interface Scope {
    /** Selectors of the enclosing rule, null at the top level. */
    parents: string | null
    layer: number
    depth: number
    bounds: Bounds | null
  }

  function readBlocks(css: string, scope: Scope): void {
    for (const node of parse(css, findings)) readNode(node, scope)
  }

  function readNode(node: CssNode, scope: Scope): void {
    if (node.type === 'Rule') readRule(node, scope)
    else if (node.type === 'Atrule') readAtrule(node, scope)
    else if (node.type === 'Raw') {
      // css-tree does not parse nested rules that start with a type selector.
      if (scope.parents !== null && node.value.includes('{')) {
        if (scope.depth >= LIMITS.cssDepth) throw tooComplex(`Rules are nested more than ${LIMITS.cssDepth} deep.`)
        readBlocks(node.value, { ...scope, depth: scope.depth + 1 })
      } else if (node.value.trim() !== '') findings.warnings.add('RULE_DROPPED')
    }
  }

  function readRule({ prelude, block }: CssRule, scope: Scope): void {
    const own = prelude.type === 'Raw' ? prelude.value.trim() : ''
    const selectors = scope.parents === null ? own : nest(own, scope.parents)
    checkSelectors(selectors.length)
    addRule(selectors, block, scope)
  }

  function addRule(selectors: string, block: Block, scope: Scope): void {
    const found: Declaration[] = []
    const inner: CssNode[] = []
    for (const child of block.children) {
      if (child.type === 'Declaration') found.push(...read(child, findings))
      else inner.push(child)
    }
    declarations += found.length
    if (declarations > LIMITS.rules * 4 || sheet.rules.length > LIMITS.rules)
      throw tooComplex(`The style sheets have more than ${LIMITS.rules} rules or ${LIMITS.rules * 4} declarations.`)
    const { bounds, layer } = scope
    if (found.length > 0)
      sheet.rules.push({
        selectors: bounds ? within(selectors, bounds) : selectors,
        declarations: found,
        layer,
        roots: bounds?.roots ?? null,
      })
    if (inner.length === 0) return
    if (scope.depth >= LIMITS.cssDepth) throw tooComplex(`Rules are nested more than ${LIMITS.cssDepth} deep.`)
    for (const child of inner) readNode(child, { ...scope, parents: selectors, depth: scope.depth + 1 })
  }

  function readAtrule({ name, prelude, block }: Atrule, scope: Scope): void {
    const text = prelude?.type === 'Raw' ? prelude.value.trim() : ''
    switch (name.toLowerCase().replace(/^-webkit-/, '')) {
      case 'media':
        if (block && mediaHolds(text, page)) readInner(block, scope)
        return
      case 'supports':
        if (block && supports(text)) readInner(block, scope)
        return
      case 'layer': {
        const names = split(text, ',').filter(Boolean)
        for (const layer of names) if (!layers.has(layer)) layers.set(layer, layers.size)
        if (!block) return
        const key = names[0] ?? `\0${layers.size}`
        if (!layers.has(key)) layers.set(key, layers.size)
        readInner(block, { ...scope, layer: layers.get(key) ?? UNLAYERED })
        return
      }
      case 'scope':
        checkSelectors(text.length)
        if (block) readInner(block, { ...scope, bounds: readBounds(text) })
        return
      case 'container':
      case 'starting-style':
        findings.warnings.add('RULE_DROPPED')
        return
      case 'keyframes':
        if (block) sheet.keyframes.set(text.replaceAll(/["']/g, ''), keyframesOf(block))
        return
      case 'font-face':
        if (block) readFontFace(block)
        return
      case 'import':
        findings.warnings.add('EXTERNAL_REFERENCE')
        return
      case 'namespace': {
        const [, prefix = '', uri = ''] = NAMESPACE.exec(text) ?? []
        if (uri !== '') sheet.namespaces.set(prefix, uri)
        return
      }
      case 'property':
        if (block) registerVariable(text, block)
        return
      case 'charset':
      case 'page':
        return
      default:
        findings.warnings.add('RULE_DROPPED')
    }
  }

  function readInner(block: Block, scope: Scope): void {
    if (scope.depth >= LIMITS.cssDepth) throw tooComplex(`Rules are nested more than ${LIMITS.cssDepth} deep.`)
    const inner = { ...scope, depth: scope.depth + 1 }
    if (scope.parents !== null) addRule(scope.parents, block, inner)
    else for (const child of block.children) readNode(child, inner)
  }

  function keyframesOf(block: Block): Keyframe[] {
    const frames: Keyframe[] = []
    for (const child of block.children) {
      if (child.type !== 'Rule' || child.prelude.type !== 'Raw' || frames.length > 200) continue
      const found: Declaration[] = []
      for (const node of child.block.children) if (node.type === 'Declaration') found.push(...read(node, findings))
      for (const stop of split(child.prelude.value.toLowerCase(), ',')) {
        const at = stop === 'from' ? 0 : stop === 'to' ? 1 : Number.parseFloat(stop) / 100
        if (at >= 0 && at <= 1) frames.push({ at, declarations: found })
      }
    }
    return frames.sort((a, b) => a.at - b.at)
  }

  function registerVariable(name: string, block: Block): void {
    for (const node of block.children)
      if (node.type === 'Declaration' && node.property === 'initial-value') sheet.variables.set(name, rawOf(node))
  }

  function readFontFace(block: Block): void {
    const descriptors = new Map<string, string>()
    for (const node of block.children)
      if (node.type === 'Declaration') descriptors.set(node.property.toLowerCase(), rawOf(node))
    sheet.fontFaces.push({ descriptors })
  }
}

/** `svg url(http://www.w3.org/2000/svg)`, with or without prefix and quotes. */
const NAMESPACE = /^(?:([a-z_][\w-]*)\s+)?(?:url\(\s*)?["']?([^"'()\s]+)/i

/** Large, because sheets may contain embedded fonts. */
const EMBEDDED_CHARS = 4_000_000

function parse(css: string, findings: Findings): Iterable<CssNode> {
  checkDepth(css)
  const ast = parseCss(css, findings)
  return ast.type === 'StyleSheet' ? ast.children : []
}

/** Checked before parsing: the parser recurses into each block. */
function checkDepth(css: string): void {
  let depth = 0
  for (let at = 0; at < css.length; at++) {
    const code = css.charCodeAt(at)
    if (code === 123 || code === 40 || code === 91) depth++
    else if ((code === 125 || code === 41 || code === 93) && depth > 0) depth--
    if (depth > 200) throw tooComplex('Blocks of a style sheet are nested more than 200 deep.')
  }
}

const rawOf = (node: CssDeclaration): string =>
  node.value.type === 'Raw' ? stripComments(node.value.value).trim() : ''

function read(node: CssDeclaration, findings: Findings): Declaration[] {
  const text = rawOf(node)
  // Style attributes of SVG elements may omit px, sheets may not.
  if (UNITLESS.test(text) && NEEDS_UNIT.has(node.property.toLowerCase())) return []
  return declare(node.property, text, { isImportant: isImportant(node), findings })
}

const UNITLESS = /^[+-]?[\d.]*[1-9][\d.]*$/
const NEEDS_UNIT: ReadonlySet<string> = new Set(
  'font-size letter-spacing word-spacing x y width height cx cy r rx ry'.split(' '),
)

function checkSelectors(chars: number): void {
  if (chars > LIMITS.selectorsChars) throw tooComplex(`Selectors have ${chars} characters.`)
}

/** Expands nested selectors: `&` is the parent; without one, the parent is prepended. */
function nest(own: string, parents: string): string {
  const parent = parents.includes(',') || /[\s>+~]/.test(parents) ? `:is(${parents})` : parents
  const selectors = split(own, ',')
  // Checked before expanding: `&` multiplies.
  const times = selectors.reduce((sum, selector) => sum + Math.max(1, selector.split('&').length - 1), 0)
  checkSelectors(own.length + times * parent.length)
  return selectors
    .map((selector) => (selector.includes('&') ? selector.replaceAll('&', parent) : `${parent} ${selector}`))
    .join(',')
}
