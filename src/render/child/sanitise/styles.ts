import { costOfFunctions } from './filter-cost.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { keyOf } from './references.ts'
import type { Tree } from './tree.ts'

const SIZE = /^(?:min-|max-)?(?:width|height)$/i

/**
 * Refuses style sheets that take the engines too long to match, and takes sizes out of rules that may be about the
 * root: librsvg would heed them against the attributes that bound the picture. Throws TOO_COMPLEX.
 */
export function checkStyles({ root, styles, elements }: Tree): void {
  let compounds = 0
  const classes = (root.attributes.get('class') ?? '').split(/\s+/).map((name) => `.${name}`)
  const rootKeys = new Set(['*', 'svg', `#${root.attributes.get('id')}`, ...classes])
  for (const style of styles) {
    for (const rule of style.rules ?? []) {
      for (const { property, value } of rule.declarations) if (/^filter$/i.test(property)) costOfFunctions(value)
      for (const selector of rule.selectors) compounds += selector.split(/[\s>+~]+/).length
      if (rule.selectors.some((selector) => rootKeys.has(keyOf(selector))))
        rule.declarations = rule.declarations.filter(({ property }) => !SIZE.test(property))
    }
    style.rules = style.rules?.filter(({ declarations }) => declarations.length > 0) ?? []
  }
  if (compounds * elements > LIMITS.cssMatches)
    throw tooComplex(`${compounds} selectors on ${elements} elements are more than the engines can match in time.`)
}
