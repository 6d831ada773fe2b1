import { AppError } from '../core/errors.ts'
import { parseTransform } from '../core/transform.ts'
import type { ImageFormat, Preset, Presets } from '../core/variant.ts'
import type { VariantSpec } from '../render/messages.ts'

export interface OfferedVariant {
  readonly preset: Preset
  readonly format: ImageFormat
}

/** Every preset x format of a request; without formats, the first format of each preset. Throws BAD_INPUT. */
export function variantsOf(
  presets: Presets,
  request: { readonly presets: readonly string[]; readonly formats: readonly ImageFormat[] },
): OfferedVariant[] {
  return request.presets.flatMap((name) => {
    const preset = offeredPreset(presets, name)
    const formats = request.formats.length > 0 ? request.formats : preset.formats.slice(0, 1)
    return formats.map((format) => ({ preset, format: offeredFormat(preset, format) }))
  })
}

/** Throws BAD_INPUT with the available names. */
export function offeredPreset(presets: Presets, name: string): Preset {
  const preset = presets.get(name)
  if (preset) return preset
  throw new AppError(
    'BAD_INPUT',
    `There is no preset ${JSON.stringify(name.slice(0, 100))}; there are ${[...presets.keys()].join(', ')}.`,
  )
}

/** Throws BAD_INPUT with the formats that the preset offers. */
export function offeredFormat(preset: Preset, format: ImageFormat): ImageFormat {
  if (preset.formats.includes(format)) return format
  throw new AppError(
    'BAD_INPUT',
    `Preset ${preset.name} is not offered as ${format}, but as ${preset.formats.join(', ')}.`,
  )
}

/** The presets that are rendered ahead of requests: the default of a backfill. */
export const backfilledPresets = (presets: Presets): string[] =>
  [...presets.values()].flatMap(({ name, backfill }) => (backfill ? [name] : [])).sort()

/** The variants that are rendered ahead of requests: those presets, each in its first format. */
export const firstVariants = (presets: Presets): OfferedVariant[] =>
  variantsOf(presets, { presets: backfilledPresets(presets), formats: [] })

/** What the renderers are told about a picture. */
export const specOf = (preset: Preset, format: ImageFormat): VariantSpec =>
  parseTransform(preset.name) ? { preset: preset.name, format, recipe: preset } : { preset: preset.name, format }
