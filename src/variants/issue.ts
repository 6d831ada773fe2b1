import { type ArtSize, recipeOf, type Transform } from '../core/transform.ts'
import { hashRecipe, type ImageFormat, type Preset, type Presets } from '../core/variant.ts'

/**
 * The recipe issued for a transform of an item's art: a preset that draws exactly the same and offers the format, if there is one, since
 * its picture may already exist; otherwise a recipe of its own.
 */
export function issueTransform(
  presets: Presets,
  { transform, art, format }: { transform: Transform; art: ArtSize; format: ImageFormat },
): Preset {
  const drawn = recipeOf(transform).presetFor(art)
  let hash: string | undefined
  for (const preset of presets.values()) {
    if (preset.width !== drawn.width || preset.height !== drawn.height || !preset.formats.includes(format)) continue
    hash ??= hashOf(drawn)
    if (preset.recipeHash === hash) return preset
  }
  return drawn
}

/** The transform in the form of a preset. */
const hashOf = ({ name: _, recipeHash: __, ...definition }: Preset): string => hashRecipe(definition)
