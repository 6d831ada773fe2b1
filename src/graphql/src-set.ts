import { AppError } from '../core/errors.ts'
import type { ImageFormat, Preset, Presets } from '../core/variant.ts'
import { offeredFormat, offeredPreset } from '../variants/offered.ts'

export const PRESETS_MAX = 20

/** The properties in which two presets must agree to show the same picture at two sizes: all except size and encoding. */
export function kindOf({
  name,
  recipeHash,
  formats,
  backfill,
  encoding,
  width,
  height,
  padding,
  ...shown
}: Preset): string {
  const fields = Object.entries({ ...shown, hasPadding: padding > 0, ratio: width / height })
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * The presets of a srcset, narrowest first, one for each width: those named, or all that show the same as `preview` (or, without such a
 * preset, as the first one) and offer the format. Throws BAD_INPUT for presets that do not show the same.
 */
export function presetsOfSrcSet(
  presets: Presets,
  { names, format }: { names?: readonly string[] | null; format: ImageFormat },
): Preset[] {
  if (names && names.length > PRESETS_MAX)
    throw new AppError('BAD_INPUT', `srcSet takes at most ${PRESETS_MAX} presets; it has ${names.length}.`)
  const chosen = names?.length ? names.map((name) => offeredPreset(presets, name)) : sameAsPreview(presets, format)
  for (const preset of chosen) offeredFormat(preset, format)
  const kinds = new Set(chosen.map(kindOf))
  if (kinds.size > 1)
    throw new AppError(
      'BAD_INPUT',
      `The presets ${chosen.map(({ name }) => name).join(', ')} do not show the same (background, watermark, padding, fit, colour, ratio): a srcset needs one kind.`,
    )
  return onePerWidth(chosen)
}

/** All presets that differ from this one only in size and offer the format, narrowest first, one for each width. */
export const presetsLike = (presets: Presets, model: Preset, format: ImageFormat): Preset[] =>
  onePerWidth(
    [...presets.values(), model].filter((each) => each.formats.includes(format) && kindOf(each) === kindOf(model)),
  )

/** The last one for each width. */
const onePerWidth = (presets: readonly Preset[]): Preset[] =>
  [...new Map(presets.map((preset) => [preset.width, preset])).values()].sort((a, b) => a.width - b.width)

function sameAsPreview(presets: Presets, format: ImageFormat): Preset[] {
  const all = [...presets.values()].filter(({ formats }) => formats.includes(format))
  const model = all.find(({ name }) => name === 'preview') ?? all[0]
  return model ? all.filter((preset) => kindOf(preset) === kindOf(model)) : []
}
