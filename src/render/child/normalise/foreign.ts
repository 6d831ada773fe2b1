import type { Box } from './box.ts'
import { colour, separate } from './colours.ts'
import { drawGradient, rectOf } from './css-gradients.ts'
import { edgesOf, fontSizeOf, type HtmlStyle, htmlLength, htmlStyleOf } from './html-style.ts'
import { px } from './lengths.ts'
import { OF_GROUP } from './names.ts'
import { readUrl } from './references.ts'
import { append, create, type Element, elementsOf, inherited, replace, type Tree, textOf, walk } from './tree.ts'
import { type Context, evaluate, print, split } from './values.ts'

/**
 * Draws the HTML that is common in foreignObject elements: boxes with a background (Figma's angular gradients) and simple labels
 * (Mermaid, draw.io). Everything else is left out with a warning. Figma's backdrop blurs draw nothing.
 */
export function resolveForeignObjects(tree: Tree): void {
  for (const element of [...walk(tree.root)]) {
    if (element.name !== 'foreignObject') continue
    const group = create('g')
    for (const name of [...OF_GROUP, 'visibility']) {
      const value = element.attributes.get(name)
      if (value !== undefined) group.attributes.set(name, value)
    }
    if (element.extra) group.extra = element.extra
    if (element.context) group.context = element.context
    const drawn = canBeDrawn(element) ? drawForeign(element, tree) : null
    if (drawn === null) tree.warnings.add('FOREIGN_OBJECT')
    replace(element, group)
    for (const child of drawn ?? []) append(group, child)
  }
}

const CLIPS = new Set(['clipPath'])
const KNOWN = /^html:(?:html|body|div|span|p|b|strong|i|em|u|small|font|br|section|label|center|code|pre|h[1-6]|a)$/
const ELEMENTS_MAX = 50

/** True for nested boxes with at most one run of text: this needs no layout engine. */
export function canBeDrawn(foreign: Element): boolean {
  let elements = 0
  let runs = 0
  for (const element of walk(foreign)) {
    if (element === foreign) continue
    if (!KNOWN.test(element.name) || ++elements > ELEMENTS_MAX) return false
    if (element.children.some((child) => typeof child === 'string' && child.trim() !== '')) runs++
  }
  return runs <= 1
}

function drawForeign(foreign: Element, tree: Tree): Element[] {
  const of = (name: string) => px(foreign.attributes.get(name))
  const box = { x: of('x'), y: of('y'), width: of('width'), height: of('height') }
  const drawn: Element[] = []
  for (const child of elementsOf(foreign)) drawBox(child, box, { tree, drawn })
  return drawn
}

interface Drawing {
  readonly tree: Tree
  readonly drawn: Element[]
}

/** Draws a block at the position that its container gives it. */
function drawBox(element: Element, around: Box, drawing: Drawing): void {
  if (element.name === 'html:br') return
  const style = htmlStyleOf(element)
  if (style.get('display') === 'none' || style.get('visibility') === 'hidden' || style.has('backdrop-filter')) return
  const margin = edgesOf(style, 'margin', around.width)
  const padding = edgesOf(style, 'padding', around.width)
  const isPlaced = style.get('position') === 'absolute'
  const left = isPlaced ? (htmlLength(style.get('left'), around.width) ?? 0) : 0
  const top = isPlaced ? (htmlLength(style.get('top'), around.height) ?? 0) : 0
  const isInline =
    /^html:(?:span|b|strong|i|em|u|small|font|a|code)$/.test(element.name) || /^inline/.test(style.get('display') ?? '')
  const content = contentHeight(element)
  const isBorderBox = style.get('box-sizing') === 'border-box'
  const widthGiven = htmlLength(style.get('width'), around.width)
  const heightGiven = htmlLength(style.get('height'), around.height)
  const paddedWidth = isBorderBox ? 0 : padding.left + padding.right
  const paddedHeight = isBorderBox ? 0 : padding.top + padding.bottom
  const box: Box = {
    x: around.x + margin.left + left,
    y: around.y + margin.top + top,
    width:
      widthGiven === undefined
        ? Math.max(0, around.width - margin.left - margin.right - left)
        : widthGiven + paddedWidth,
    height: heightGiven === undefined ? content + padding.top + padding.bottom : heightGiven + paddedHeight,
  }
  if (!isInline) drawBackground(element, style, box, drawing)
  const inner = {
    x: box.x + padding.left,
    y: box.y + padding.top,
    width: box.width - padding.left - padding.right,
    height: box.height - padding.top - padding.bottom,
  }
  drawInside(element, style, inner, drawing)
}

function drawBackground(element: Element, style: HtmlStyle, box: Box, { tree, drawn }: Drawing): void {
  const context = contextOf(element)
  if (!context) return
  const opacity = htmlLength(style.get('opacity'), 100) ?? 1
  const background = style.get('background-image') ?? style.get('background') ?? ''
  const radius = htmlLength(style.get('border-radius'), Math.min(box.width, box.height)) ?? 0
  const gradient = background.includes('gradient(') ? drawGradient(background, box, { tree, context }) : null
  const layers: Element[] = gradient ?? []
  const color = element.extra?.get('background-color') ?? plainColour(style, context)
  if (color && !gradient) {
    const { opaque, alpha } = separate(color)
    if (alpha > 0)
      layers.push(
        rectOf(box, { fill: opaque, 'fill-opacity': print(alpha), ...(radius > 0 ? { rx: print(radius) } : {}) }),
      )
  }
  const clip = readUrl(style.get('clip-path') ?? '')
  const reference = clip ? context.refer(clip.address, CLIPS) : null
  if (layers.length === 0) return
  if (opacity === 1 && reference === null) drawn.push(...layers)
  else drawn.push(create('g', { opacity: print(opacity), ...(reference ? { 'clip-path': reference } : {}) }, layers))
}

function plainColour(style: HtmlStyle, context: Context): string | null {
  for (const part of split(style.get('background-color') ?? style.get('background') ?? '', ' ')) {
    const found = evaluate(colour(part), context)
    if (found?.startsWith('#')) return found
  }
  return null
}

function drawInside(element: Element, style: HtmlStyle, inner: Box, drawing: Drawing): void {
  const isFlex = style.get('display') === 'flex' || style.get('display') === 'inline-flex'
  const content = contentHeight(element)
  let y = inner.y
  if (isFlex && /center/.test(style.get('align-items') ?? '')) y = inner.y + (inner.height - content) / 2
  else if (isFlex && /end/.test(style.get('align-items') ?? '')) y = inner.y + inner.height - content
  if (isFlex && /center/.test(style.get('justify-content') ?? '')) element.attributes.set('text-anchor', 'middle')
  const align = style.get('text-align')
  if (align) element.attributes.set('text-anchor', ANCHORS[align] ?? 'start')
  if (element.children.some((child) => typeof child === 'string' && child.trim() !== '')) {
    drawText(element, { ...inner, y }, drawing)
    return
  }
  for (const child of elementsOf(element)) {
    const height = /%/.test(htmlStyleOf(child).get('height') ?? '') ? inner.height : contentHeight(child)
    drawBox(child, { ...inner, y, height: Math.max(height, inner.height) }, drawing)
    y += height
  }
}

const ANCHORS: Readonly<Record<string, string>> = {
  center: 'middle',
  right: 'end',
  end: 'end',
  '-webkit-center': 'middle',
}

/** Ascent of the default font, in em. */
const ASCENT = 0.928
const DESCENT = 0.236

function lineHeightOf(element: Element, size: number): number {
  for (let at: Element | null = element; at; at = at.parent) {
    const text = htmlStyleOf(at).get('line-height')
    if (text === undefined || text === 'normal') continue
    return /^[\d.]+$/.test(text) ? Number(text) * size : (htmlLength(text, size, size) ?? (ASCENT + DESCENT) * size)
  }
  return (ASCENT + DESCENT) * size
}

function contentHeight(element: Element): number {
  const text = textOf(element).trim()
  if (text === '') return 0
  let deepest = element
  for (const inner of walk(element))
    if (inner.children.some((child) => typeof child === 'string' && child.trim() !== '')) deepest = inner
  const lines = 1 + [...walk(deepest)].filter(({ name }) => name === 'html:br').length
  return lines * lineHeightOf(deepest, fontSizeOf(deepest))
}

function drawText(element: Element, box: Box, { drawn }: Drawing): void {
  const size = fontSizeOf(element)
  if (!(size > 0)) return
  const lines: string[] = ['']
  for (const child of element.children) {
    if (typeof child === 'string') lines[lines.length - 1] += child
    else if (child.name === 'html:br') lines.push('')
  }
  const height = lineHeightOf(element, size)
  const anchor = inherited(element, 'text-anchor') ?? 'start'
  const x = box.x + (anchor === 'middle' ? box.width / 2 : anchor === 'end' ? box.width : 0)
  const color = contextOf(element)?.color ?? '#000000'
  const { opaque, alpha } = separate(color)
  const isBold = /^html:(?:b|strong|h[1-6])$/.test(element.name)
  for (const [index, line] of lines.entries()) {
    const letters = line.replaceAll(/\s+/g, ' ').trim()
    if (letters === '') continue
    const baseline = box.y + index * height + (height - (ASCENT + DESCENT) * size) / 2 + ASCENT * size
    const text = create('text', {
      x: print(x),
      y: print(baseline),
      'font-size': print(size),
      fill: opaque,
      'fill-opacity': print(alpha),
      stroke: 'none',
      'text-anchor': anchor,
    })
    for (const name of ['font-family', 'font-weight', 'font-style']) {
      const value = inherited(element, name)
      if (value !== undefined) text.attributes.set(name, value)
    }
    if (isBold) text.attributes.set('font-weight', 'bold')
    text.children.push(letters)
    drawn.push(text)
  }
}

function contextOf(element: Element): Context | undefined {
  for (let at: Element | null = element; at; at = at.parent) if (at.context) return at.context
  return undefined
}
