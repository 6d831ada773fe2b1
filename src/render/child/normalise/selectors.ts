import type { Selector } from 'css-what'
import { cssSelect, cssWhat } from './libraries.ts'
import { LIMITS, tooComplex } from './limits.ts'
import type { Element } from './tree.ts'

export interface CompiledSelector {
  /** Id, class or name that an element must have: `#a`, `.a`, `a`, or `*`. */
  readonly key: string
  readonly specificity: number
  /** Null where the key says it all. */
  readonly matches: ((element: Element) => boolean) | null
}

/** Steps through the tree, counted for one document. */
export interface StepBudget {
  left: number
  /** Child elements without the text between them. */
  readonly children: Map<Element, Element[]>
  /** The sibling that stands before an element, null for the first. */
  readonly before: Map<Element, Element | null>
}

/**
 * The selectors of a list; one that no browser knows spoils the list, as in CSS. Null then. Throws TOO_COMPLEX where one is too long,
 * and later, while matching, where all of them take too many steps.
 */
export function compileSelectors(list: string, budget: StepBudget): CompiledSelector[] | null {
  const simple = SIMPLE.exec(list)
  if (simple) {
    const specificity = simple[1] === '#' ? 10_000 : simple[1] === '.' ? 100 : 1
    return [{ key: list, specificity, matches: null }]
  }
  let parsed: Selector[][]
  try {
    parsed = cssWhat().parse(list)
  } catch {
    return null
  }
  const out: CompiledSelector[] = []
  for (const tokens of parsed) {
    const known = isKnown(tokens)
    if (known === 'unknown') return null
    if (known === 'never') continue
    if (cssWhat().stringify([tokens]).length > LIMITS.selectorChars)
      throw tooComplex(`A selector has more than ${LIMITS.selectorChars} characters.`)
    out.push({ key: keyOf(tokens), specificity: specificityOf(tokens), matches: whenNeeded(tokens, budget) })
  }
  return out
}

const SIMPLE = /^([.#]?)[a-zA-Z_][\w-]*$/

/** Of the pseudo-classes those that a still picture can be in; css-select has more, of jQuery. */
const STRUCTURAL = new Set(
  (
    'is where not has matches root scope empty lang first-child last-child only-child first-of-type last-of-type ' +
    'only-of-type nth-child nth-last-child nth-of-type nth-last-of-type'
  ).split(' '),
)
/** True of nothing in a picture: in an <img> not even links are links. */
const DYNAMIC = new Set(
  (
    'link any-link hover active focus focus-visible focus-within visited target target-within checked disabled enabled default ' +
    'indeterminate required optional valid invalid in-range out-of-range read-only read-write placeholder-shown fullscreen ' +
    'modal popover-open open playing paused autofill current past future host host-context defined local-link user-valid user-invalid'
  ).split(' '),
)

function isKnown(tokens: readonly Selector[]): 'known' | 'never' | 'unknown' {
  let result: 'known' | 'never' = 'known'
  for (const token of tokens) {
    if (token.type === 'pseudo-element') result = 'never'
    if (token.type === 'parent' || token.type === 'column-combinator') return 'unknown'
    if (token.type !== 'pseudo') continue
    if (DYNAMIC.has(token.name)) result = 'never'
    else if (!STRUCTURAL.has(token.name))
      return /^(?:before|after|first-line|first-letter)$/.test(token.name) ? 'never' : 'unknown'
    if (token.name === 'not' && Array.isArray(token.data)) {
      // What is never true is always true when it is not: such alternatives go, all others must be known.
      const kinds = token.data.map(isKnown)
      if (kinds.includes('unknown')) return 'unknown'
      token.data = token.data.filter((_, index) => kinds[index] === 'known')
      if (token.data.length === 0) Object.assign(token, { type: 'universal', namespace: null })
    } else if (Array.isArray(token.data)) {
      token.data = token.data.filter((inner) => isKnown(inner) === 'known')
      if (token.data.length === 0) result = 'never'
    }
  }
  return result
}

const isCombinator = ({ type }: Selector) =>
  type === 'descendant' || type === 'child' || type === 'adjacent' || type === 'sibling'

/** The most telling part of the last compound. */
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

/** Ids, then classes, attributes and pseudo-classes, then names, as one number. */
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

export const localName = ({ name }: Element): string => (name.startsWith('html:') ? name.slice(5) : name)

/** Most selectors of a large sheet are about nothing in the document: those are never compiled. */
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
  /** Once for all children of a parent, so that `a + b` costs each of many the same. */
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
