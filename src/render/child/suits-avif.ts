import type { NormalisedSvg } from './normalise/normalise.ts'
import type { Raster } from './pixels.ts'
import { toIndexed } from './vp8l/indexed.ts'

/**
 * Whether to offer AVIF: for shaded art it is smaller than WebP from AVIF_FROM_PX (variants/formats.ts) on, for flat art it is larger at
 * all icon sizes. Ratio of AVIF to WebP bytes on white: for 72 flat icons (lucide, twemoji, circle-flags, flat-color-icons, …): 1.26
 * at 64 px, 1.19 at 128, 1.11 at 256, 1.04 at 512. Of 75 icons with gradients and more than 256 colours (fluent-emoji, fluent-color, noto,
 * logos): 0.59 at 256 px, where 64 % of them are smaller, 0.68 at 512 (97 %), 0.64 at 1024 (all). A band with a single gradient has few
 * colours, which WebP encodes in a few bytes.
 * @param small a small drawing of the document on a transparent background
 */
export const suitsAvif = ({ features }: Pick<NormalisedSvg, 'features'>, small: Raster): boolean =>
  features.has('gradient') && !toIndexed(small)
