import { px } from './lengths.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { countNumbers, lengthOf } from './path-data.ts'
import { type Element, elementsOf, inherited, textOf } from './tree.ts'

/**
 * Refuses outlines with more dashes than anybody can see: cairo generates every one. Lengths and dashes are both in the shape's units, so
 * transforms do not matter. Throws TOO_COMPLEX.
 */
export function checkDashes(root: Element): void {
  let total: number | null = null
  const dashes = count(root, 0)
  if (!(dashes <= LIMITS.dashes))
    throw tooComplex(
      `The dashed outlines have ${dashes.toExponential(1)} dashes; at most ${LIMITS.dashes} are allowed.`,
    )

  function count(element: Element, inherited: number): number {
    const own = element.attributes.get('stroke-dasharray')
    const density = own === undefined ? inherited : densityOf(own)
    // The shapes that a `use` draws are elsewhere; the length of the whole document is an upper bound.
    const isUse = element.name === 'use' && density > 0
    if (isUse) total ??= lengthOfAll(root)
    let sum =
      density > 0
        ? density * (isUse ? (total ?? 0) : element.name === 'text' ? lengthOfText(element) : lengthOf(element))
        : 0
    for (const child of elementsOf(element)) sum += count(child, density)
    return sum
  }
}

/** Dashes per unit of length; 0 for a solid line. */
function densityOf(dashes: string): number {
  // Every shape that inherits it gets a copy.
  if (dashes.length > LIMITS.dashChars) throw tooComplex(`A stroke-dasharray has ${dashes.length} characters.`)
  const lengths = dashes.split(/[\s,]+/).map(Number.parseFloat)
  const period = lengths.reduce((sum, length) => sum + length, 0)
  return period > 0 ? Math.max(1, countNumbers(dashes)) / period : 0
}

/** Upper bound: a letter's outline is at most about ten times its height. */
const lengthOfText = (text: Element): number => 10 * px(inherited(text, 'font-size'), 16) * textOf(text).length

function lengthOfAll(element: Element): number {
  let sum = lengthOf(element)
  for (const child of elementsOf(element)) sum += lengthOfAll(child)
  return sum
}
