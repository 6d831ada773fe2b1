import type { ErrorCode } from '../errors.ts'
import type { ImageFormat, Preset } from '../variant.ts'

/** What crosses the process boundary: sources and encoded pictures, never raw pixels. */

/** One picture wanted of a source. */
export interface Want {
  readonly preset: string
  readonly format: ImageFormat
}

/** One picture made. Sizes in px. */
export interface Picture extends Want {
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
  readonly lossless: boolean
}

export type Engine = 'librsvg' | 'resvg'

/** What a page shows until the picture is there. */
export interface PlaceholderData {
  /** ThumbHash in base64. */
  readonly thumbHash: string
  /** `#rrggbb` */
  readonly dominantColor: string
}

/** All that one render of a source gave. */
export interface Rendered {
  readonly pictures: readonly Picture[]
  readonly engine: Engine
  /** What was left out of the document or may look different: see Warning in sanitise/names.ts. */
  readonly warnings: readonly string[]
  readonly placeholder: PlaceholderData
}

export type ToChild =
  | { readonly kind: 'presets'; readonly presets: readonly Preset[] }
  | { readonly kind: 'render'; readonly svg: Uint8Array; readonly wants: readonly Want[] }

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'made'; readonly rendered: Rendered; readonly rssBytes: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly rssBytes: number }
