import type { Box } from './box.ts'
import type { TextStyle } from './html-text.ts'
import type { Element, Tree } from './tree.ts'

/** A box of HTML that knows its size, to be drawn where its container puts it. px. */
export interface Laid {
  readonly width: number
  readonly height: number
  /** What it would need at least for its content not to wrap. */
  readonly usedWidth: number
  /** As high as its content, where it is told to be less high. */
  readonly usedHeight?: number
  /** Of its first line, from its top. */
  readonly baseline: number
  paint(x: number, y: number, out: Element[]): void
}

/** The room that a box is laid out in. */
export interface Room {
  readonly width: number
  /** Null where it is as high as its content. */
  readonly height: number | null
  /** As wide as its content, and no wider than the room. */
  readonly isFitting?: boolean
  /** Set by what stretches it. */
  readonly forced?: { readonly width?: number; readonly height?: number }
}

export interface LayoutTools {
  readonly tree: Tree
  readonly textStyle: (element: Element) => TextStyle
  /** Stands in a line as a whole. */
  readonly isAtomic: (element: Element) => boolean
  readonly layFitting: (element: Element, width: number) => Laid | null
  readonly lay: (element: Element, room: Room) => Laid
  readonly paintSpan: (element: Element, box: Box, out: Element[]) => void
}
