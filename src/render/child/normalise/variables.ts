import { LIMITS, tooComplex } from './limits.ts'
import { split } from './values.ts'

/** Custom properties in scope: an element's own shadow its parent's. */
export interface Variables {
  readonly own: ReadonlyMap<string, string>
  readonly parent: Variables | null
}

/** Characters that substitution may still produce in one document. */
export interface VariableBudget {
  left: number
}

const lookUp = (name: string, variables: Variables | null): string | undefined => {
  for (let scope = variables; scope; scope = scope.parent) {
    const value = scope.own.get(name)
    if (value !== undefined) return value
  }
  return undefined
}

/**
 * Replaces var() in a value by the variable's value or the fallback. Null if there is neither, or a variable refers to itself: the
 * declaration is then treated as unset. Throws TOO_COMPLEX if values grow without bound.
 */
export function substitute(text: string, variables: Variables | null, budget: VariableBudget): string | null {
  // Memoised: fallbacks that look up variables at every level are exponential. Null during a look-up, which ends cycles: CSS treats
  // variables in a cycle as not set.
  const found = new Map<string, string | null>()
  return replaceIn(text, 0)

  function variable(name: string, depth: number): string | null {
    const before = found.get(name)
    if (before !== undefined) return before
    found.set(name, null)
    const written = name.startsWith('--') ? lookUp(name, variables) : undefined
    const value = written === undefined ? null : replaceIn(written, depth)
    found.set(name, value)
    return value
  }

  function replaceIn(value: string, depth: number): string | null {
    if (depth > 32) return null
    let out = ''
    let from = 0
    for (let at = find(value, 0); at >= 0; at = find(value, from)) {
      const end = closeOf(value, at + 4)
      const [name = '', ...rest] = split(value.slice(at + 4, end), ',')
      const replacement = variable(name, depth + 1) ?? (rest.length > 0 ? replaceIn(rest.join(','), depth + 1) : null)
      if (replacement === null) return null
      out += value.slice(from, at) + replacement
      from = end + 1
      budget.left -= replacement.length + 1
      if (out.length > LIMITS.variableChars || budget.left < 0)
        throw tooComplex('The variables of the style sheet expand without bound.')
    }
    return out + value.slice(from)
  }
}

function find(text: string, from: number): number {
  const call = /(?<![\w-])var\(/gi
  call.lastIndex = from
  return call.exec(text)?.index ?? -1
}

/** The index of the parenthesis that closes the one open at `from`. */
function closeOf(text: string, from: number): number {
  let depth = 1
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 40) depth++
    else if (code === 41 && --depth === 0) break
  }
  return at
}
