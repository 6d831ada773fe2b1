import type { Box } from './box.ts'
import type { TextStyle } from './html-text.ts'
import type { Element, Tree } from './tree.ts'

/** An HTML box with a known size, to be drawn where its container puts it. Sizes in px. */
export interface Laid {
  readonly width: number
  readonly height: number
  /** The minimum width at which its content does not wrap. */
  readonly usedWidth: number
  /** The height of its content, if that exceeds the height it is given. */
  readonly usedHeight?: number
  /** The baseline of its first line, from its top. */
  readonly baseline: number
  paint(x: number, y: number, out: Element[]): void
}

/** The space available to a box. */
export interface Room {
  readonly width: number
  /** Null if it is as high as its content. */
  readonly height: number | null
  /** Whether it is only as wide as its content, up to the available width. */
  readonly isFitting?: boolean
  /** Sizes imposed by a container that stretches it. */
  readonly forced?: { readonly width?: number; readonly height?: number }
}

export interface LayoutTools {
  readonly tree: Tree
  readonly textStyle: (element: Element) => TextStyle
  /** Whether it is an inline box. */
  readonly isAtomic: (element: Element) => boolean
  readonly layFitting: (element: Element, width: number) => Laid | null
  readonly lay: (element: Element, room: Room) => Laid
  readonly paintSpan: (element: Element, box: Box, out: Element[]) => void
}
