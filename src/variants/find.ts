import { cacheTagsOf } from '../core/cache-tags.ts'
import { findRecipe } from '../core/transform.ts'
import { type ImageFormat, type Presets, parseVariantKey, printSourceKey, type VariantPath } from '../core/variant.ts'
import { sameVersion, versionOf } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import type { Delivered, EnsureVariant, Viewer } from './ensure.ts'
import { type Located, openLocator } from './locate.ts'
import { variantKeyOf } from './make.ts'
import { specOf } from './offered.ts'
import type { RecipeHistory } from './recipes.ts'
import type { TransformUses } from './transform-uses.ts'

/** The result of resolving an issued key. */
export interface IssuedImage {
  /** Whether the key is that of the current picture, of an earlier one, or has no version. */
  readonly freshness: 'alias' | 'current' | 'outdated'
  readonly format: ImageFormat
  readonly cacheTags: readonly string[]
  /** The current picture, if it exists and may be shown. */
  readonly image: Located['image']
  readonly ensure: (viewer: Viewer) => Promise<Delivered>
  /** A tiny placeholder picture; null if there is none. */
  readonly placeholder: Buffer | null
  /** The key of the current picture. */
  readonly keyOf: (delivered: Delivered) => string
}

interface Finder {
  readonly pg: Pg
  readonly presets: Presets
  readonly ladder: readonly number[]
  readonly uses: TransformUses
  readonly recipes: RecipeHistory
  readonly urlSecret: string
  readonly ensureVariant: EnsureVariant
}

/** Resolves a variant's key: one indexed look-up, batched over concurrent requests. Null: it was never issued. */
export function createVariantFinder(app: Finder): (key: string) => Promise<IssuedImage | null> {
  const locate = openLocator(app.pg)

  return async function findVariant(key) {
    const path = parseVariantKey(key)
    const recipe = path && findRecipe(app, path.preset)
    if (!path || !recipe?.formats.includes(path.format)) return null
    const { format } = path
    const located = await locate({ sourceKey: printSourceKey(path), recipe, format })
    const freshness = located && freshnessOf(app, path, located)
    if (!freshness) return null
    const current = variantKeyOf(app, located, specOf(located.preset, format))
    if (located.image && located.isUseDue) app.uses.note(located.image.objectKey)
    return {
      freshness,
      format,
      cacheTags: cacheTagsOf(path),
      image: located.takenDown ? null : located.image,
      ensure: (viewer) => app.ensureVariant(located, viewer),
      placeholder: located.takenDown ? null : located.placeholder,
      keyOf: () => current,
    }
  }
}

/** Whether the path was issued: for the current item, for an earlier source or recipe, or never. */
function freshnessOf(
  { urlSecret, recipes: history }: Pick<Finder, 'urlSecret' | 'recipes'>,
  { version }: VariantPath,
  item: Located,
): IssuedImage['freshness'] | null {
  // Transforms have no alias: only issued sizes are served.
  if (version === null) return item.recipe.isTransform ? null : 'alias'
  const issued = (sourceHash: string, recipeHash: string) =>
    sameVersion(version, versionOf(urlSecret, sourceHash, recipeHash))
  if (issued(item.sourceHash, item.preset.recipeHash)) return 'current'
  const sources = [item.sourceHash, ...item.previousSourceHashes]
  const recipes = item.recipe.isTransform
    ? [item.preset.recipeHash, ...item.recipe.earlierHashes]
    : (history.get(item.preset.name) ?? [])
  return sources.some((source) => recipes.some((recipe) => issued(source, recipe))) ? 'outdated' : null
}
