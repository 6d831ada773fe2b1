import type { LayoutTools } from './html-box.ts'
import { contextOf, nearest, styleOf } from './html-style.ts'
import { drawLetters } from './html-text.ts'
import { create, type Element, elementsOf } from './tree.ts'
import { print } from './values.ts'

/** The gap between a marker and its item in px, as in Chromium. */
const GAP = 8

/** Draws the marker of a list item to the left of a position; null for any other element. */
export function markerOf(
  element: Element,
  tools: LayoutTools,
): ((x: number, y: number, out: Element[]) => void) | null {
  if (styleOf(element).get('display') !== 'list-item') return null
  const kind = (nearest(element, 'list-style') ?? '').split(' ')[0] || nearest(element, 'list-style-type') || 'disc'
  if (kind === 'none') return null
  const style = tools.textStyle(element)
  const context = contextOf(element)
  if (kind !== 'decimal')
    return (x, y, out) => {
      const [offset, size] = [(style.ascent * 2) / 3, (style.ascent * 2) / 3 / 2 + 0.5]
      const radius = size / 2
      out.push(
        create('circle', {
          cx: print(x - offset - GAP + radius),
          cy: print(
            y + (style.lineHeight - style.ascent - style.descent) / 2 + (3 * (style.ascent - offset)) / 2 + radius,
          ),
          r: print(radius),
          fill: context?.color?.slice(0, 7) ?? '#000000',
          stroke: 'none',
        }),
      )
    }
  const items = [...elementsOf(element.parent ?? element)].filter(({ name }) => name === element.name)
  const text = `${items.indexOf(element) + 1}. `
  return (x, y, out) =>
    out.push(
      drawLetters(text, style, {
        x: x - style.widthOf(text),
        y: y + (style.lineHeight - style.ascent - style.descent) / 2 + style.ascent,
        context,
        decoration: undefined,
      }),
    )
}
