import type { ErrorCode } from '../core/errors.ts'
import type { Layout } from '../core/layouts.ts'
import type { ImageFormat, Preset } from '../core/variant.ts'

/** What crosses the process boundary: sources and encoded pictures, never raw pixels. */

/** One requested picture of a source. */
export interface VariantSpec {
  /** A preset's name, or a transform's key segment. */
  readonly preset: string
  readonly format: ImageFormat
  /** The recipe of a transform; presets are known by name. */
  readonly recipe?: Preset
}

/** A rendered picture. Sizes in px. */
export interface Picture extends Omit<VariantSpec, 'recipe'> {
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
  readonly lossless: boolean
}

export type Engine = 'librsvg' | 'resvg'

/** What a page shows until the picture has loaded. */
export interface PlaceholderData {
  /** ThumbHash in base64. */
  readonly thumbHash: string
  /** `#rrggbb` */
  readonly dominantColor: string
  /** WebPs, or PNGs for art in one colour, of at most 16 px per side and 207 bytes: on white, in the dark theme, and transparent. */
  readonly preview: Uint8Array
  readonly darkPreview: Uint8Array
  readonly clearPreview: Uint8Array
  /** At most five colours, most frequent first, and their shares of what is drawn, 0 to 1. */
  readonly palette: readonly { readonly color: string; readonly share: number }[]
  /** Whether everything drawn has one colour. */
  readonly isMonochrome: boolean
  /** Whether the art covers most of its picture, so that the dominant colour can stand in for it. */
  readonly fillsGround: boolean
  /** Whether AVIF is smaller than WebP for this kind of art. */
  readonly suitsAvif: boolean
}

/** The result of one render of a source. */
export interface Rendered {
  readonly pictures: readonly Picture[]
  readonly engine: Engine
  /** What was left out of the document or may look different: see Warning in child/normalise/names.ts. */
  readonly warnings: readonly string[]
  readonly placeholder: PlaceholderData
}

/** The result, and the CPU time that it took in the renderer, in ms. */
export interface TimedRender extends Rendered {
  readonly cpuMs: number
}

/** An area of a composite, in px. */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A document and the area to draw it in. */
export interface CellOrder extends Rect {
  readonly svg: Uint8Array
  /** Draw with the engine that would not be chosen, because the chosen one failed. */
  readonly otherEngine?: boolean
}

/** A requested composite of many sources. */
export interface ComposeOrder {
  readonly layout: Layout
  /** The family's name, for layouts that show it. */
  readonly name: (Rect & { readonly text: string }) | null
  readonly format: ImageFormat
  readonly cells: readonly CellOrder[]
}

/** The result: a picture of all cells, or the sources that cannot be drawn. */
export type Composed =
  | {
      readonly picture: Omit<Picture, keyof VariantSpec> & {
        readonly engine: string
        readonly warnings: readonly string[]
      }
    }
  | { readonly failures: readonly { readonly cell: number; readonly code: ErrorCode; readonly message: string }[] }

export type ToChild =
  | { readonly kind: 'presets'; readonly presets: readonly Preset[] }
  | {
      readonly kind: 'render'
      readonly svg: Uint8Array
      readonly variants: readonly VariantSpec[]
      /** Draw with the engine that would not be chosen, because the chosen one failed. */
      readonly otherEngine: boolean
    }
  | { readonly kind: 'compose'; readonly order: ComposeOrder }

/** Resource usage of the renderer, sent with each answer: resident memory, and CPU time since it started, in ms. */
interface Usage {
  readonly rssBytes: number
  readonly cpuMs: number
}

export type FromChild =
  | ({ readonly kind: 'ready' } & Usage)
  | ({ readonly kind: 'made'; readonly rendered: Rendered } & Usage)
  | ({ readonly kind: 'drawing'; readonly cell: number | null } & Usage)
  /** The document has been read and goes to an engine. Not sent for plain art, on which no engine fails. */
  | { readonly kind: 'normalised'; readonly warnings: readonly string[] }
  | ({ readonly kind: 'composed'; readonly composed: Composed } & Usage)
  | ({ readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string } & Usage)
  /** A bug, for the log; the item also gets a failure. */
  | ({ readonly kind: 'fault'; readonly stack: string } & Usage)
