import { canBeDrawn } from './foreign.ts'
import { type Element, elementsOf, remove, type Tree, walk } from './tree.ts'

/**
 * Of a switch the first child whose conditions hold, as browsers in English choose; outside of one, what has a condition
 * that does not hold is not drawn. Requested features are all there. draw.io's apology to viewers without HTML is never drawn.
 */
export function settleSwitches(tree: Tree): void {
  for (const element of [...walk(tree.root)]) {
    if (element.name === 'switch') settle(element)
    else if (element.parent && CONDITIONAL.has(element.name) && element.parent.name !== 'g-switch' && !holds(element))
      remove(element)
  }
  for (const element of walk(tree.root)) if (element.name === 'g-switch') element.name = 'g'
}

function settle(element: Element): void {
  element.name = 'g-switch'
  const fitting = [...elementsOf(element)].filter((child) => CAN_BE_CHOSEN.has(child.name) && holds(child))
  // HTML that we cannot draw has an alternative that we can.
  const chosen = fitting.find((child) => child.name !== 'foreignObject' || canBeDrawn(child)) ?? fitting[0]
  element.children = chosen && !isApology(chosen) ? [chosen] : []
}

/** Conditions on what only others draw say nothing. */
const CONDITIONAL = new Set(
  'g a svg use switch foreignObject image text tspan textPath path rect circle ellipse line polyline polygon'.split(
    ' ',
  ),
)

const CAN_BE_CHOSEN = new Set(
  'g a svg use switch foreignObject image text path rect circle ellipse line polyline polygon g-switch'.split(' '),
)

function holds({ given }: Element): boolean {
  const { systemLanguage, requiredExtensions } = given
  if (requiredExtensions !== undefined && requiredExtensions.trim() !== 'http://www.w3.org/1999/xhtml') return false
  return (
    systemLanguage === undefined || systemLanguage.split(',').some((language) => /^\s*en(?:-us)?\s*$/i.test(language))
  )
}

const isApology = (element: Element): boolean => {
  for (const part of walk(element))
    for (const child of part.children)
      if (typeof child === 'string' && /text is not svg|viewer does not support full svg/i.test(child)) return true
  return false
}
