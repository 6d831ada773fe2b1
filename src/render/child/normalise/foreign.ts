import { AppError } from '../../../core/errors.ts'
import type { Box } from './box.ts'
import { rectOf } from './css-gradients.ts'
import type { Laid, LayoutTools } from './html-box.ts'
import { isLaidOut } from './html-defaults.ts'
import { openLayout } from './html-layout.ts'
import { px } from './lengths.ts'
import { OF_GROUP } from './names.ts'
import { openFonts } from './outline-fonts.ts'
import { append, create, type Element, replace, type Tree, walk } from './tree.ts'

/**
 * Draws the HTML that foreignObjects contain in practice: labels, boxes and tables (Mermaid, draw.io, README cards), and boxes with a
 * background (Figma's angular gradients). Everything else is left out with a warning.
 */
export function resolveForeignObjects(tree: Tree): void {
  const tools = openLayout(tree, openFonts(tree.fontFaces))
  for (const element of [...walk(tree.root)]) {
    if (element.name !== 'foreignObject') continue
    const group = create('g')
    for (const name of [...OF_GROUP, 'visibility']) {
      const value = element.attributes.get(name)
      if (value !== undefined) group.attributes.set(name, value)
    }
    if (element.extra) group.extra = element.extra
    if (element.context) group.context = element.context
    const drawn = canBeDrawn(element) ? drawForeign(element, tools) : null
    if (drawn === null) tree.warnings.add('FOREIGN_OBJECT')
    replace(element, group)
    for (const child of drawn ?? []) append(group, child)
  }
}

const ELEMENTS_MAX = 500
const DEPTH_MAX = 60

/** Whether the HTML contains only supported elements, and not too many of them. */
export function canBeDrawn(foreign: Element): boolean {
  let elements = 0
  for (const element of walk(foreign, ({ name }) => name !== 'svg')) {
    if (element === foreign) continue
    if (!isLaidOut(element.name) || ++elements > ELEMENTS_MAX || depthOf(element, foreign) > DEPTH_MAX) return false
  }
  return true
}

function depthOf(element: Element, from: Element): number {
  let depth = 0
  for (let at: Element | null = element; at && at !== from; at = at.parent) depth++
  return depth
}

/** Null if the layout takes too long. */
function drawForeign(foreign: Element, tools: LayoutTools): Element[] | null {
  const of = (name: string) => px(foreign.attributes.get(name))
  const box: Box = { x: of('x'), y: of('y'), width: of('width'), height: of('height') }
  const isHidden = !/^(?:visible|auto)$/.test(foreign.attributes.get('overflow') ?? 'hidden')
  if (isHidden && !(box.width > 0 && box.height > 0)) return []
  const drawn: Element[] = []
  const forced = { width: box.width, height: box.height }
  const laid = layOut(() => tools.lay(blockOf(foreign), { ...box, forced }))
  if (laid === null) return null
  laid.paint(box.x, box.y, drawn)
  const isMoved = [...walk(foreign)].some(({ style }) => style?.has('transform'))
  const isBeyond = isMoved || (laid.usedHeight ?? 0) > box.height + 0.5 || laid.usedWidth > box.width + 0.5
  if (!isHidden || !isBeyond || drawn.length === 0) return drawn
  const clip = create('clipPath', {}, [rectOf(box, {})])
  const id = `tf${tools.tree.targets.size}`
  tools.tree.targets.set(id, clip)
  return [clip, create('g', { 'clip-path': `url(#${id})` }, drawn)]
}

function layOut(lay: () => Laid): Laid | null {
  try {
    return lay()
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** The foreignObject as the containing block of its HTML. */
function blockOf(foreign: Element): Element {
  return { ...foreign, style: new Map([['display', 'block']]) }
}
