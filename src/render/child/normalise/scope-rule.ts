import { split } from './values.ts'

/** `@scope (roots) to (limits)`: its rules apply to what is in a root, without what is in a limit. */
export interface Bounds {
  readonly roots: string
  readonly limits: string | null
}

/** Without roots, the scope is the whole document: a style element is usually a child of its root. */
export function readBounds(prelude: string): Bounds {
  const [, roots = ':root', limits] = /^(?:\(([\s\S]*?)\))?\s*(?:to\s*\(([\s\S]*)\))?$/i.exec(prelude.trim()) ?? []
  return { roots, limits: limits ?? null }
}

/** The selectors of a rule in a scope, as ones of a whole document. The bounds add no specificity. CSS Cascade 6, 2.5. */
export function within(selectors: string, { roots, limits }: Bounds): string {
  const root = `:is(${roots})`
  const inRoot = `:where(${root},${root} *)`
  const inLimit = limits === null ? '' : `:where(:not(${root} :is(${limits}),${root} :is(${limits}) *))`
  return split(selectors, ',')
    .map((selector) => selector.replaceAll(/:scope\b|&/g, root).replace(/^\s*(?=[>+~])/, root) + inRoot + inLimit)
    .join(',')
}
