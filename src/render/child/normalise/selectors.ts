import type { Selector } from 'css-what'
import { cssSelect, cssWhat } from './libraries.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { SVG, XLINK } from './namespaces.ts'
import type { Element } from './tree.ts'

export interface CompiledSelector {
  /** The id, class or name that an element must have: `#a`, `.a`, `a`, or `*`. */
  readonly key: string
  readonly specificity: number
  /** Null if the key alone decides. */
  readonly matches: ((element: Element) => boolean) | null
}

/** Budget of steps through the tree, for one document. */
export interface StepBudget {
  left: number
  /** Namespaces that the sheet declares for its selectors, by prefix. */
  readonly namespaces: ReadonlyMap<string, string>
  /** The child elements, without text. */
  readonly children: Map<Element, Element[]>
  /** The previous sibling of an element; null for the first. */
  readonly before: Map<Element, Element | null>
}

/**
 * Compiles a selector list; as in CSS, one invalid selector invalidates the list: null then. Throws TOO_COMPLEX if one is too long, and
 * while matching, if all of them take too many steps.
 */
export function compileSelectors(list: string, budget: StepBudget): CompiledSelector[] | null {
  const simple = SIMPLE.exec(list)
  if (simple && (simple[1] !== '' || !budget.namespaces.has(''))) {
    const specificity = simple[1] === '#' ? 10_000 : simple[1] === '.' ? 100 : 1
    return [{ key: list, specificity, matches: null }]
  }
  // The parser accepts these; browsers drop the rule.
  if (STARTS_WITH_DIGIT.test(list.replaceAll(/\[[^\]]*\]|\\(?:[\da-f]{1,6}\s?|.)/gi, '_'))) return null
  let parsed: Selector[][]
  try {
    parsed = cssWhat().parse(list.replaceAll(/:-webkit-any\(/gi, ':is('))
  } catch {
    return null
  }
  const out: CompiledSelector[] = []
  for (const tokens of parsed) {
    const known = isKnown(tokens, budget.namespaces)
    if (known === 'unknown') return null
    if (known === 'never') continue
    if (cssWhat().stringify([tokens]).length > LIMITS.selectorChars)
      throw tooComplex(`A selector has more than ${LIMITS.selectorChars} characters.`)
    out.push({ key: keyOf(tokens), specificity: specificityOf(tokens), matches: whenNeeded(tokens, budget) })
  }
  return out
}

const SIMPLE = /^([.#]?)[a-zA-Z_][\w-]*$/

/** An id or class that is not an identifier. */
const STARTS_WITH_DIGIT = /[.#]-?\d/

/** Pseudo-classes that can apply to a still picture; css-select also supports jQuery extensions. */
const STRUCTURAL = new Set(
  (
    'is where not has matches root scope empty lang first-child last-child only-child first-of-type last-of-type ' +
    'only-of-type nth-child nth-last-child nth-of-type nth-last-of-type'
  ).split(' '),
)
/** Never true in a picture: in an <img> even links are not links. */
const DYNAMIC = new Set(
  (
    'link any-link hover active focus focus-visible focus-within visited target target-within checked disabled enabled default ' +
    'indeterminate required optional valid invalid in-range out-of-range read-only read-write placeholder-shown fullscreen ' +
    'modal popover-open open playing paused autofill current past future host host-context defined local-link user-valid user-invalid'
  ).split(' '),
)

/** What css-select understands; `2 of .a` is not. */
const NTH = /^\s*(?:even|odd|[+-]?\d+|[+-]?\d*n(?:\s*[+-]\s*\d+)?)\s*$/i

type Known = 'known' | 'never' | 'unknown'

function isKnown(tokens: readonly Selector[], namespaces: ReadonlyMap<string, string>): Known {
  let result: 'known' | 'never' = 'known'
  for (const token of tokens) {
    const place = settleNamespace(token, namespaces)
    if (place === 'unknown') return 'unknown'
    if (place === 'never' || token.type === 'pseudo-element') result = 'never'
    if (token.type === 'parent' || token.type === 'column-combinator') return 'unknown'
    if (token.type !== 'pseudo') continue
    if (DYNAMIC.has(token.name)) result = 'never'
    else if (!STRUCTURAL.has(token.name))
      return /^(?:before|after|first-line|first-letter)$/.test(token.name) ? 'never' : 'unknown'
    if (token.name.startsWith('nth-') && !NTH.test(String(token.data))) return 'unknown'
    if (token.name === 'not' && Array.isArray(token.data)) {
      // Inside :not(), alternatives that never match can be dropped; all others must be known.
      const kinds = token.data.map((inner) => isKnown(inner, namespaces))
      if (kinds.includes('unknown')) return 'unknown'
      token.data = token.data.filter((_, index) => kinds[index] === 'known')
      if (token.data.length === 0) Object.assign(token, { type: 'universal', namespace: null })
    } else if (Array.isArray(token.data)) {
      token.data = token.data.filter((inner) => isKnown(inner, namespaces) === 'known')
      if (token.data.length === 0) result = 'never'
    }
  }
  return result
}

/** Removes the SVG or XLink namespace. Names in no namespace or another one never match anything that is drawn. */
function settleNamespace(token: Selector, namespaces: ReadonlyMap<string, string>): Known {
  if (token.type !== 'tag' && token.type !== 'universal' && token.type !== 'attribute') return 'known'
  const isAttribute = token.type === 'attribute'
  const prefix = token.namespace
  token.namespace = null
  if (prefix === '*' || (isAttribute && !prefix)) return 'known'
  if (prefix === '') return 'never'
  const uri = prefix === null ? (namespaces.get('') ?? SVG) : namespaces.get(prefix)
  if (uri === undefined) return 'unknown'
  return uri === (isAttribute ? XLINK : SVG) ? 'known' : 'never'
}

const isCombinator = ({ type }: Selector) =>
  type === 'descendant' || type === 'child' || type === 'adjacent' || type === 'sibling'

/** The most specific part of the last compound selector. */
function keyOf(tokens: readonly Selector[]): string {
  let key = '*'
  for (let index = tokens.length - 1; index >= 0; index--) {
    const token = tokens[index] as Selector
    if (isCombinator(token)) break
    if (token.type === 'attribute' && token.action === 'equals' && token.name === 'id') return `#${token.value}`
    if (token.type === 'attribute' && token.action === 'element' && token.name === 'class') key = `.${token.value}`
    else if (token.type === 'tag' && key === '*') key = token.name
  }
  return key
}

/** Specificity as one number: ids, then classes, attributes and pseudo-classes, then names. */
function specificityOf(tokens: readonly Selector[]): number {
  let sum = 0
  for (const token of tokens) {
    if (token.type === 'tag' || token.type === 'pseudo-element') sum += 1
    else if (token.type === 'attribute') sum += token.name === 'id' && token.action === 'equals' ? 10_000 : 100
    else if (token.type === 'pseudo') {
      if (token.name === 'where') continue
      sum += Array.isArray(token.data) ? Math.max(0, ...token.data.map(specificityOf)) : 100
    }
  }
  return sum
}

/** Whether a compiled selector selects an element, including its key. */
export function selects({ key, matches }: CompiledSelector, element: Element): boolean {
  if (matches !== null) return matches(element)
  if (key.startsWith('#')) return element.given.id === key.slice(1)
  if (key.startsWith('.')) return (element.given.class ?? '').split(/\s+/).includes(key.slice(1))
  return localName(element) === key
}

export const localName = ({ name }: Element): string => (name.startsWith('html:') ? name.slice(5) : name)

/** Compiled lazily: most selectors of a large sheet match nothing in the document. */
function whenNeeded(tokens: Selector[], budget: StepBudget): (element: Element) => boolean {
  let compiled: ((element: Element) => boolean) | undefined
  return (element) => {
    compiled ??= compile(tokens, budget)
    return compiled(element)
  }
}

function compile(tokens: Selector[], budget: StepBudget): (element: Element) => boolean {
  const step = (count: number) => {
    budget.left -= count
    if (budget.left < 0) throw tooComplex('The selectors of the style sheet take too long to match.')
  }
  const childrenOf = (element: Element): Element[] => {
    let children = budget.children.get(element)
    if (!children) {
      children = element.children.filter((child) => typeof child !== 'string')
      budget.children.set(element, children)
    }
    step(children.length + 1)
    return children
  }
  /** Computed once for all children of a parent, so that `a + b` takes constant time for each. */
  const noteBefore = (siblings: readonly Element[]) => {
    for (const [index, sibling] of siblings.entries()) budget.before.set(sibling, siblings[index - 1] ?? null)
  }
  const siblingsOf = (element: Element): Element[] => (element.parent ? childrenOf(element.parent) : [element])
  return cssSelect()._compileUnsafe<Element, Element>([tokens], {
    xmlMode: true,
    cacheResults: true,
    adapter: {
      isTag: (node): node is Element => typeof node === 'object',
      getAttributeValue: (element, name) => {
        step(1)
        return element.given[name]
      },
      hasAttrib: (element, name) => Object.hasOwn(element.given, name),
      getChildren: childrenOf,
      getName: (element) => {
        step(1)
        return localName(element)
      },
      getParent: (element) => {
        step(1)
        return element.parent
      },
      getSiblings: siblingsOf,
      getText: () => '',
      removeSubsets: (nodes) => nodes,
      prevElementSibling: (element) => {
        step(1)
        if (element.parent && !budget.before.has(element)) noteBefore(siblingsOf(element))
        return budget.before.get(element) ?? null
      },
    },
  })
}
