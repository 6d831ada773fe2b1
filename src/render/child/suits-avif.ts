import type { NormalisedSvg } from './normalise/normalise.ts'
import { isFlat, type Raster } from './pixels.ts'

/**
 * Whether AVIF is worth offering: of shaded art its pictures are smaller than WebP's from AVIF_FROM_PX (variants/formats.ts), of flat art
 * larger at all sizes of icons. Bytes of AVIF to WebP on white, of 72 flat icons (lucide, twemoji, circle-flags, flat-color-icons, …): 1.26
 * at 64 px, 1.19 at 128, 1.11 at 256, 1.04 at 512. Of 75 icons with gradients and more than 256 colours (fluent-emoji, fluent-color, noto,
 * logos): 0.59 at 256 px, where 64 % of them are smaller, 0.68 at 512 (97 %), 0.64 at 1024 (all). A band of one gradient has few colours:
 * WebP writes it in some bytes.
 * @param small a drawing of it on clear ground
 */
export const suitsAvif = ({ features }: Pick<NormalisedSvg, 'features'>, small: Raster): boolean =>
  features.has('gradient') && !isFlat(small)
