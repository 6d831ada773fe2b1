import { type ArtSize, recipeOf, type Transform } from '../core/transform.ts'
import { hashRecipe, type ImageFormat, type Preset, type Presets } from '../core/variant.ts'

/**
 * What is drawn of a transform for an item's art: the preset that draws just the same, where one is offered in the format, since
 * its picture may be there already; else a recipe of its own.
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

/** As if it were a preset. */
const hashOf = ({ name: _, recipeHash: __, ...definition }: Preset): string => hashRecipe(definition)
