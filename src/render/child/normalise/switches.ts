import { canBeDrawn } from './foreign.ts'
import { type Element, elementsOf, remove, type Tree, walk } from './tree.ts'

/**
 * Keeps the first child of a switch whose conditions hold, as in a browser with language English; outside of a switch, removes elements
 * whose conditions do not hold. All required features count as supported. The message that draw.io shows to viewers without HTML support
 * is never drawn.
 */
export function resolveSwitches(tree: Tree): void {
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
  // Prefer the alternative to HTML that we cannot draw.
  const chosen = fitting.find((child) => child.name !== 'foreignObject' || canBeDrawn(child)) ?? fitting[0]
  element.children = chosen && !isApology(chosen) ? [chosen] : []
}

/** Conditions on elements that are not drawn are ignored. */
const CONDITIONAL = new Set(
  'g a svg defs use switch foreignObject image text tspan textPath path rect circle ellipse line polyline polygon'.split(
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
