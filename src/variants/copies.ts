import { IN_PLACE } from '../catalogue/visibility.ts'
import type { ImageFormat } from '../core/variant.ts'
import { isPrivateKey } from '../core/visibility.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Work } from './find-missing.ts'
import { objectKeyOf, type RenderDeps } from './make.ts'
import type { CopiedImage } from './record-copies.ts'

/**
 * Pictures that exist under the key of another URL secret: after a rotation they are copied within the store, not rendered again. The
 * caller holds the lock of their item or family, so that none is copied while it is being taken down.
 */

/** An image of a variant that is wanted under another key. */
export interface CopySource {
  readonly imageId: string
  readonly itemId: number
  readonly preset: string
  readonly format: ImageFormat
  readonly objectKey: string
  readonly bytes: number
}

/** The images that can be copied instead of rendering these variants, with current source and recipe, those of newer secrets first. */
export async function findCopySources(
  pg: Pg,
  { presets, urlSecret }: Pick<RenderDeps, 'presets' | 'urlSecret'>,
  work: readonly Work[],
): Promise<CopySource[]> {
  const variants = work.flatMap(({ itemId, variants }) => variants.map((spec) => ({ itemId, ...spec })))
  if (variants.length === 0) return []
  const rows = await FIND_COPY_SOURCES.all(pg, {
    itemIds: variants.map(({ itemId }) => itemId),
    presets: variants.map(({ preset }) => preset),
    formats: variants.map(({ format }) => format),
    recipeHashes: variants.map(({ preset, recipe }) => (recipe ?? presets.get(preset))?.recipeHash ?? ''),
    urlSecretId: urlSecret.id,
  })
  return rows.map((row) => ({ ...row, format: row.format as ImageFormat }))
}

const FIND_COPY_SOURCES = statement({
  name: 'find-copy-sources',
  isPrepared: true,
  text: `
    select m.id as "imageId", i.id as "itemId", m.preset, m.format::text as format, m.object_key as "objectKey", m.bytes
    from unnest(:itemIds::int[], :presets::text[], :formats::image_format[], :recipeHashes::text[])
      as w(item_id, preset, format, recipe_hash)
    join item i on i.id = w.item_id
    join image m on m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = w.preset and m.format = w.format
      and m.recipe_hash = w.recipe_hash and m.source_hash = i.source_hash and m.url_secret_id <> :urlSecretId
      and ${IN_PLACE('m', 'i')}
    order by m.url_secret_id desc`,
  parameters: {
    itemIds: 'int4[]',
    presets: 'text[]',
    formats: 'image_format[]',
    recipeHashes: 'text[]',
    urlSecretId: 'int4',
  },
  columns: { imageId: 'int8', itemId: 'int4', preset: 'text', format: 'text', objectKey: 'text', bytes: 'int4' },
})

/**
 * Copies an item's pictures to the keys of this process's secret, as far as their objects exist. Returns the copies, and the variants
 * that remain to be rendered. Throws UNAVAILABLE.
 */
export async function copyVariants(
  { stores, ...keys }: Pick<RenderDeps, 'stores' | 'presets' | 'urlSecret'>,
  { work, sources }: { work: Work; sources: readonly CopySource[] },
): Promise<{ copied: CopiedImage[]; missing: Work['variants'] }> {
  const { itemId } = work
  const copied: Omit<CopiedImage, 'completesItem'>[] = []
  const missing: Work['variants'][number][] = []
  for (const spec of work.variants) {
    const objectKey = objectKeyOf(keys, work, spec)
    let copy: (typeof copied)[number] | null = null
    for (const source of sources) {
      if (copy || source.itemId !== itemId || source.preset !== spec.preset || source.format !== spec.format) continue
      // Its visibility has changed since the work was found.
      if (isPrivateKey(source.objectKey) !== work.isPrivate) continue
      const { imageId, bytes } = source
      if (await stores.previews.copy(source.objectKey, objectKey))
        copy = { itemId, imageId, objectKey, urlSecretId: keys.urlSecret.id, bytes }
    }
    if (copy) copied.push(copy)
    else missing.push(spec)
  }
  return { copied: copied.map((copy) => ({ ...copy, completesItem: missing.length === 0 })), missing }
}
