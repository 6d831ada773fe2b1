import { createHash } from 'node:crypto'
import { SIDE_MAX_PX } from './preset-fields.ts'
import { IMAGE_FORMATS, type ImageFormat, type Preset, type Presets, RENDERER_VERSION } from './variant.ts'

/**
 * A picture requested by size, background and colour instead of a preset, and printing and parsing of the key segment that names it.
 * Presets and transforms are both recipes, from which the renderers' instructions are derived. Pure. Sizes in px.
 */
export interface Transform {
  /** At least one side is given; a null side follows from the art. */
  readonly width: number | null
  readonly height: number | null
  /** `cover` only if both sides are given: with one, the box has the art's own ratio. */
  readonly fit: Preset['fit']
  /** Space on each side, in px. */
  readonly padding: number
  /** The same as for a preset. */
  readonly background: string | null
  /** `#rrggbb` for `currentColor`, null for black. */
  readonly color: string | null
}

const WHITE = '#ffffff'
const SIDE = '[1-9]\\d{0,3}'
const RGB = '[0-9a-f]{6}'
const SEGMENT = new RegExp(
  `^t(?:_w(${SIDE}))?(?:_h(${SIDE}))?(_cover)?(?:_p(${SIDE}))?(?:_(clear|auto|b${RGB}))?(?:_c(${RGB}))?$`,
)

/** `t_w256_h128_cover_p8_b1f1f24_cf4f4f6`; defaults (contain, no padding, white background, black) are left out. */
export function printTransform({ width, height, fit, padding, background, color }: Transform): string {
  const parts = [
    width === null ? '' : `w${width}`,
    height === null ? '' : `h${height}`,
    fit === 'cover' ? 'cover' : '',
    padding === 0 ? '' : `p${padding}`,
    background === null ? 'clear' : background === WHITE ? '' : background.replace('#', 'b'),
    color === null ? '' : color.replace('#', 'c'),
  ]
  return ['t', ...parts.filter((part) => part !== '')].join('_')
}

/** The transform whose printed form is exactly this segment, or null. */
export function parseTransform(segment: string): Transform | null {
  const match = SEGMENT.exec(segment)
  if (!match) return null
  const [, width, height, cover, padding, ground = '', color] = match
  const transform: Transform = {
    width: width === undefined ? null : Number(width),
    height: height === undefined ? null : Number(height),
    fit: cover ? 'cover' : 'contain',
    padding: Number(padding ?? 0),
    background: ground === '' ? WHITE : ground === 'clear' ? null : ground === 'auto' ? 'auto' : `#${ground.slice(1)}`,
    color: color === undefined ? null : `#${color}`,
  }
  return isTransform(transform) && printTransform(transform) === segment ? transform : null
}

/** Whether such a picture is possible. */
export function isTransform({ width, height, fit, padding }: Transform): boolean {
  const sides = [width, height].filter((side) => side !== null)
  const isInRange = (side: number) => side <= SIDE_MAX_PX && side > 2 * padding
  return sides.length > (fit === 'cover' ? 1 : 0) && sides.every(isInRange)
}

/** What a preset's name or a transform's segment stands for. */
export interface Recipe {
  readonly name: string
  readonly formats: readonly ImageFormat[]
  readonly isTransform: boolean
  readonly recipeHash: string
  /** Hashes from earlier renderers, whose URLs are still in use. Those of presets are in the database. */
  readonly earlierHashes: readonly string[]
  /** What the renderers draw for an item with this art. */
  readonly presetFor: (art: ArtSize) => Preset
}

/** The size that a source states, in any unit; null if it states none or has not been read. */
export interface ArtSize {
  readonly width: number | null
  readonly height: number | null
}

/** The recipe that a key segment names, or null. @param ladder empty: transforms are disabled */
export function findRecipe(
  { presets, ladder }: { readonly presets: Presets; readonly ladder: readonly number[] },
  name: string,
): Recipe | null {
  const preset = presets.get(name)
  if (preset) return recipeOfPreset(preset)
  const transform = ladder.length > 0 ? parseTransform(name) : null
  return transform && recipeOf(transform)
}

export const recipeOfPreset = (preset: Preset): Recipe => ({
  ...preset,
  isTransform: false,
  earlierHashes: [],
  presetFor: () => preset,
})

/** The first renderer that drew transforms. */
const FIRST_RENDERER = 2

/** Accepts any size, even one no longer on the ladder: the ladder is enforced where URLs are printed. */
export function recipeOf(transform: Transform): Recipe {
  const name = printTransform(transform)
  const hashFor = (rendererVersion: string) =>
    createHash('sha256')
      .update(JSON.stringify(['transform', rendererVersion, name]))
      .digest('hex')
  const earlier = Array.from({ length: Number(RENDERER_VERSION) - FIRST_RENDERER }, (_, index) =>
    hashFor(String(FIRST_RENDERER + index)),
  )
  const recipeHash = hashFor(RENDERER_VERSION)
  const { fit, padding, background, color } = transform
  return {
    name,
    formats: IMAGE_FORMATS,
    isTransform: true,
    recipeHash,
    earlierHashes: earlier,
    presetFor: (art) => ({
      name,
      ...boxOf(transform, art),
      background,
      padding,
      fit,
      color,
      watermark: null,
      encoding: 'auto',
      formats: IMAGE_FORMATS,
      backfill: false,
      recipeHash,
    }),
  }
}

/** Art with a more extreme aspect ratio gets a box of this ratio. */
const RATIO_MAX = 4

/** If only one side is given, the box inside the padding has the art's ratio; it is square if the art's size is unknown. */
export function boxOf({ width, height, padding }: Transform, art: ArtSize): { width: number; height: number } {
  if (width !== null && height !== null) return { width, height }
  const side = (width ?? height) as number
  const stated = art.width !== null && art.height !== null ? art.width / art.height : 1
  const ratio = Number.isFinite(stated) && stated > 0 ? Math.min(Math.max(stated, 1 / RATIO_MAX), RATIO_MAX) : 1
  const inner = (side - 2 * padding) * (width !== null ? 1 / ratio : ratio)
  const other = Math.min(SIDE_MAX_PX, Math.max(1, Math.round(inner)) + 2 * padding)
  return width !== null ? { width, height: other } : { width: other, height: side }
}
