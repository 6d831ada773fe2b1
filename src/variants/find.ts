import { LRUCache } from 'lru-cache'
import { cacheTagsOf } from '../core/cache-tags.ts'
import { AppError } from '../core/errors.ts'
import { findRecipe } from '../core/transform.ts'
import { type ImageFormat, type Presets, parseVariantKey, printSourceKey, type VariantPath } from '../core/variant.ts'
import { secretOf, type UrlSecret, type UrlSecrets, type Versioned } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import type { AdmissionLimiter } from './admission.ts'
import type { Delivered, EnsureVariant, Viewer } from './ensure.ts'
import { imageOf, type Located, type StoredImage } from './locate.ts'
import { openLocator } from './locator.ts'
import { variantKeyOf } from './make.ts'
import { specOf } from './offered.ts'
import type { RecipeHistory } from './recipes.ts'
import type { TransformUses } from './transform-uses.ts'

/**
 * What a key is: that of the current picture, that of the current picture by an older secret, that of an earlier picture, or one without
 * a version.
 */
export type Freshness = 'current' | 'moved' | 'outdated' | 'alias'

/** The result of resolving an issued key. */
export interface IssuedImage {
  readonly freshness: Freshness
  readonly format: ImageFormat
  /** The preset, the layout, or `transform`: few values, for metrics. */
  readonly preset: string
  /** The vendor's username. */
  readonly vendor: string
  readonly cacheTags: readonly string[]
  /** Nothing of it is public. */
  readonly isPrivate: boolean
  /** The current picture, if it exists and may be shown. */
  readonly image: StoredImage | null
  readonly ensure: (viewer: Viewer) => Promise<Delivered>
  /** A tiny placeholder picture; null if there is none. */
  readonly placeholder: Buffer | null
  /** The key of the current picture. */
  readonly keyOf: (delivered: Delivered) => string
}

interface Finder extends UrlSecrets {
  readonly keyedPool: Pg
  readonly admission: Pick<AdmissionLimiter, 'isCrowded'>
  readonly presets: Presets
  readonly ladder: readonly number[]
  readonly uses: TransformUses
  readonly recipes: RecipeHistory
  readonly ensureVariant: EnsureVariant
}

/** Who was refused asks again after the second that Retry-After names. */
const REFUSED = { max: 5000, ttl: 3000 }

/**
 * Resolves a variant's key: one indexed look-up, batched over concurrent requests. Null: it was never issued; the caller treats a picture
 * of a PRIVATE item in the same way, unless the request is signed.
 */
export function createVariantFinder(app: Finder): (key: string) => Promise<IssuedImage | null> {
  const locate = openLocator(app.keyedPool, app.admission)
  /**
   * Pictures for which there was no place a moment ago, by key: in an overload, they are requested again and again, and a look-up for each
   * refusal takes time from the renderers. Whether a picture may be shown is checked once more before it is made.
   */
  const refused = new LRUCache<string, IssuedImage>(REFUSED)

  return async function findVariant(key) {
    const known = refused.get(key)
    if (known) return known
    const path = parseVariantKey(key)
    const recipe = path && findRecipe(app, path.preset)
    if (!path || !recipe?.formats.includes(path.format)) return null
    const { format } = path
    const located = await locate({ sourceKey: printSourceKey(path), recipe, format })
    const issued = located && issuedAs(app, path, located)
    if (!issued) return null
    const { freshness, urlSecret } = issued
    const image = imageOf(located.images, urlSecret)
    if (image?.isUseDue) app.uses.note(image.objectKey)
    const found: IssuedImage = {
      freshness,
      format,
      preset: recipe.isTransform ? 'transform' : recipe.name,
      vendor: path.vendor,
      // Computed when needed: a refusal needs neither these nor the key.
      get cacheTags() {
        return cacheTagsOf(path)
      },
      isPrivate: located.isPrivate,
      image: located.takenDown ? null : image,
      async ensure(viewer) {
        try {
          return await app.ensureVariant(located, viewer, urlSecret)
        } catch (error) {
          if (error instanceof AppError && error.code === 'BUSY') refused.set(key, found)
          throw error
        }
      },
      placeholder: located.takenDown ? null : located.placeholder,
      keyOf: () => variantKeyOf({ ...app, urlSecret }, located, specOf(located.preset, format)),
    }
    return found
  }
}

/** What a key is, and the secret of the key that is to be delivered or redirected to. */
export interface Issued {
  readonly freshness: Freshness
  readonly urlSecret: UrlSecret
}

/** Whether the path was issued: for the current item, for an earlier source or recipe, or never. */
function issuedAs(
  app: UrlSecrets & Pick<Finder, 'recipes'>,
  { version }: VariantPath,
  { preset, recipe, sourceHash, previousSourceHashes }: Located,
): Issued | null {
  // Transforms have no alias: only issued sizes are served.
  if (version === null) return recipe.isTransform ? null : { freshness: 'alias', urlSecret: app.urlSecret }
  return issuedVersion(app, version, {
    current: { sourceHash, recipeHash: preset.recipeHash },
    earlier() {
      const recipes = recipe.isTransform
        ? [preset.recipeHash, ...recipe.earlierHashes]
        : (app.recipes.get(preset.name) ?? [])
      return [sourceHash, ...previousSourceHashes].flatMap((source) =>
        recipes.map((recipeHash) => ({ sourceHash: source, recipeHash })),
      )
    },
  })
}

/**
 * What a version is, null if it was never issued. A newer secret than this process's own is that of processes which have been rotated
 * already: its keys are delivered as they are. So redirects lead from older secrets to newer ones only, and two processes with different
 * first secrets never send a viewer back and forth.
 */
export function issuedVersion(
  { urlSecret, urlSecrets }: UrlSecrets,
  version: string,
  { current, earlier }: { current: Versioned | null; earlier: () => readonly Versioned[] },
): Issued | null {
  const newest = (other: UrlSecret) => (other.id > urlSecret.id ? other : urlSecret)
  const ofCurrent = current && secretOf(version, urlSecrets, [current])
  if (ofCurrent) {
    const delivered = newest(ofCurrent)
    return { freshness: delivered === ofCurrent ? 'current' : 'moved', urlSecret: delivered }
  }
  const ofEarlier = secretOf(version, urlSecrets, earlier())
  return ofEarlier && { freshness: 'outdated', urlSecret: newest(ofEarlier) }
}
