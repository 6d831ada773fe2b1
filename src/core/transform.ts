import { createHash } from 'node:crypto'
import { SIDE_MAX_PX } from './preset-fields.ts'
import { IMAGE_FORMATS, type ImageFormat, type Preset, type Presets, RENDERER_VERSION } from './variant.ts'

/**
 * A picture asked for by size, ground and colour instead of a preset, and the segment of a key that names it, printed and
 * parsed. Both a preset and a transform are recipes, which become what the renderers draw. Pure. Sizes in px.
 */
export interface Transform {
  /** At least one side; null follows from the art. */
  readonly width: number | null
  readonly height: number | null
  /** `cover` only with both sides: with one of them the box has the art's own ratio. */
  readonly fit: Preset['fit']
  /** Free px on each side. */
  readonly padding: number
  /** As a preset's. */
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

/** `t_w256_h128_cover_p8_b1f1f24_cf4f4f6`: what is usual (contain, no padding, on white, black) is left out. */
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

/** The transform that prints exactly so, or null. */
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

/** Whether there can be such a picture. */
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
  /** Those of earlier renderers, whose URLs are out there. A preset's are in the database. */
  readonly earlierHashes: readonly string[]
  /** What the renderers draw of an item with this art. */
  readonly presetFor: (art: ArtSize) => Preset
}

/** Size that a source states, in any unit; null where it states none, or was never read. */
export interface ArtSize {
  readonly width: number | null
  readonly height: number | null
}

/** The recipe that a part of a key names, null where it names none. @param ladder empty: there are no transforms */
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

/** Any size may be asked for, also one that the ladder has no more: whoever prints a URL keeps to the ladder. */
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

/** Longer art stands in a box of this ratio. */
const RATIO_MAX = 4

/** The box whose one side is given has the art's ratio within its padding; it is square for art of no known size. */
export function boxOf({ width, height, padding }: Transform, art: ArtSize): { width: number; height: number } {
  if (width !== null && height !== null) return { width, height }
  const side = (width ?? height) as number
  const stated = art.width !== null && art.height !== null ? art.width / art.height : 1
  const ratio = Number.isFinite(stated) && stated > 0 ? Math.min(Math.max(stated, 1 / RATIO_MAX), RATIO_MAX) : 1
  const inner = (side - 2 * padding) * (width !== null ? 1 / ratio : ratio)
  const other = Math.min(SIDE_MAX_PX, Math.max(1, Math.round(inner)) + 2 * padding)
  return width !== null ? { width, height: other } : { width: other, height: side }
}
