import type { Laid, LayoutTools } from './html-box.ts'
import { contextOf, nearest, styleOf } from './html-style.ts'
import { drawLetters, type TextStyle, textStyleOf } from './html-text.ts'
import type { ChooseFonts } from './outline-fonts.ts'
import { changeCase } from './text.ts'
import { type Element, inherited } from './tree.ts'

/** A piece of a line. */
type Piece =
  | { readonly kind: 'word' | 'space'; readonly text: string; readonly style: TextStyle; readonly width: number }
  | { readonly kind: 'box'; readonly laid: Laid; readonly style: TextStyle; readonly width: number }
  | { readonly kind: 'break'; readonly style: TextStyle; readonly width: 0 }

interface Line {
  readonly pieces: Piece[]
  width: number
}

const FUZZ = 0.02

/** Breaks text and boxes into lines of the available width. */
export function layInline(
  block: Element,
  children: readonly (Element | string)[],
  { width, tools }: { width: number; tools: LayoutTools },
): Laid {
  const strut = tools.textStyle(block)
  const pieces = piecesOf(block, children, { tools, width })
  const lines = breakLines(pieces, {
    width,
    isWrapped: !/^(?:nowrap|pre)$/.test(inherited(block, 'white-space') ?? ''),
  })
  const align = nearest(block, 'text-align') ?? 'start'
  const heights = lines.map((line) => measure(line, strut))
  const used = Math.max(0, ...lines.map((line) => line.width))
  return {
    width: used,
    usedWidth: used,
    height: heights.reduce((sum, { above, below }) => sum + above + below, 0),
    baseline: heights[0]?.above ?? 0,
    paint(x, y, out) {
      let top = y
      for (const [index, line] of lines.entries()) {
        const { above, below } = heights[index] as { above: number; below: number }
        const free = Number.isFinite(width) ? Math.max(0, width - line.width) : 0
        const left = /center/.test(align) ? free / 2 : /right|end/.test(align) ? free : 0
        paintLine(line, { x: x + left, baseline: top + above, out, tools })
        top += above + below
      }
    },
  }
}

function piecesOf(
  block: Element,
  children: readonly (Element | string)[],
  { tools, width }: { tools: LayoutTools; width: number },
): Piece[] {
  const pieces: Piece[] = []
  let endsInSpace = true
  const add = (owner: Element, text: string) => {
    const style = tools.textStyle(owner)
    const space = inherited(owner, 'white-space') ?? 'normal'
    const letters = changeCase(text, inherited(owner, 'text-transform') ?? 'none')
    if (/^pre/.test(space) && space !== 'pre-line') {
      for (const [index, line] of letters.split('\n').entries()) {
        if (index > 0) pieces.push({ kind: 'break', style, width: 0 })
        for (const part of line.match(space === 'pre' ? /.+/g : / |[^ ]+/g) ?? [])
          pieces.push({ kind: part === ' ' ? 'space' : 'word', text: part, style, width: style.widthOf(part) })
      }
      endsInSpace = false
      return
    }
    for (const part of letters.match(/[ \t\r\n\f]+|[^ \t\r\n\f]+/g) ?? []) {
      const isSpace = /^[ \t\r\n\f]/.test(part)
      if (isSpace && endsInSpace) continue
      endsInSpace = isSpace
      const shown = isSpace ? ' ' : part
      pieces.push({ kind: isSpace ? 'space' : 'word', text: shown, style, width: style.widthOf(shown) })
    }
  }
  const walk = (owner: Element, inner: readonly (Element | string)[]) => {
    for (const child of inner) {
      if (typeof child === 'string') add(owner, child)
      else if (child.name === 'html:br') {
        pieces.push({ kind: 'break', style: tools.textStyle(owner), width: 0 })
        endsInSpace = true
      } else if (tools.isAtomic(child)) {
        const laid = tools.layFitting(child, width)
        if (!laid) continue
        pieces.push({ kind: 'box', laid, style: tools.textStyle(owner), width: laid.width })
        endsInSpace = false
      } else if (styleOf(child).get('display') !== 'none' && child.name.startsWith('html:')) walk(child, child.children)
    }
  }
  walk(block, children)
  return pieces
}

function breakLines(pieces: readonly Piece[], { width, isWrapped }: { width: number; isWrapped: boolean }): Line[] {
  const lines: Line[] = []
  let line: Line = { pieces: [], width: 0 }
  const end = () => {
    while (line.pieces.at(-1)?.kind === 'space') line.width -= line.pieces.pop()?.width ?? 0
    lines.push(line)
    line = { pieces: [], width: 0 }
  }
  let at = 0
  while (at < pieces.length) {
    const piece = pieces[at] as Piece
    if (piece.kind === 'break') {
      line.pieces.push(piece)
      end()
      at++
      continue
    }
    // Adjacent words form one: `<b>a</b>b`.
    let next = at + 1
    let wordWidth = piece.width
    while (piece.kind === 'word' && pieces[next]?.kind === 'word') wordWidth += pieces[next++]?.width ?? 0
    const isEmpty = line.pieces.length === 0
    if (piece.kind === 'space' && isEmpty && lines.length > 0) {
      at++
      continue
    }
    if (isWrapped && piece.kind !== 'space' && !isEmpty && line.width + wordWidth > width + FUZZ) end()
    for (; at < next; at++) {
      const part = pieces[at] as Piece
      line.pieces.push(part)
      line.width += part.width
    }
  }
  if (line.pieces.some(({ kind }) => kind !== 'space')) end()
  return lines
}

/** How far a line extends above and below its baseline. */
function measure({ pieces }: Line, strut: TextStyle): { above: number; below: number } {
  let [above, below] = halves(strut)
  for (const piece of pieces) {
    const [up, down] =
      piece.kind === 'box' ? [piece.laid.baseline, piece.laid.height - piece.laid.baseline] : halves(piece.style)
    above = Math.max(above, up)
    below = Math.max(below, down)
  }
  return { above, below }
}

function halves({ ascent, descent, lineHeight }: TextStyle): [above: number, below: number] {
  const leading = Math.floor((lineHeight - ascent - descent) / 2)
  return [ascent + leading, lineHeight - ascent - leading]
}

function paintLine(
  { pieces }: Line,
  { x, baseline, out, tools }: { x: number; baseline: number; out: Element[]; tools: LayoutTools },
): void {
  let left = x
  for (let at = 0; at < pieces.length; ) {
    const piece = pieces[at] as Piece
    if (piece.kind === 'box') {
      piece.laid.paint(left, baseline - piece.laid.baseline, out)
      left += piece.width
      at++
      continue
    }
    let letters = ''
    const from = left
    for (; at < pieces.length; at++) {
      const next = pieces[at] as Piece
      if (next.kind === 'box' || next.style !== piece.style) break
      if (next.kind === 'break') continue
      letters += next.text
      left += next.width
    }
    if (letters.trim() === '') continue
    const { style } = piece
    tools.paintSpan(
      style.element,
      { x: from, y: baseline - style.ascent, width: left - from, height: style.ascent + style.descent },
      out,
    )
    const place = { x: from, y: baseline, context: contextOf(style.element), decoration: decorationOf(style.element) }
    out.push(drawLetters(letters, style, place))
  }
}

/** The decoration of the element or an ancestor: decorations extend through all descendants. */
function decorationOf(element: Element): string | undefined {
  for (let at: Element | null = element; at && at.name !== 'foreignObject'; at = at.parent) {
    const own = at.attributes.get('text-decoration')
    if (own !== undefined && own !== 'none') return own
  }
  return undefined
}

/** Text styles, each computed once. */
export function openTextStyles(
  ...by: [fonts: ChooseFonts, budget: { characters: number }]
): (element: Element) => TextStyle {
  const known = new Map<Element, TextStyle>()
  return (element) => {
    const style = known.get(element) ?? textStyleOf(element, ...by)
    known.set(element, style)
    return style
  }
}
