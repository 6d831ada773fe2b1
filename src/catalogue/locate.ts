import { type ImageFormat, type Preset, RENDERER_VERSION } from '../variant.ts'
import type { Pg } from './database.ts'
import { TAKEN_DOWN } from './take-downs.ts'

/** An item, one wanted variant of it, and what is known of that variant. */
export interface Located {
  readonly itemId: number
  readonly sourceKey: string
  readonly sourceHash: string
  readonly previousSourceHashes: readonly string[]
  readonly takenDown: boolean
  readonly preset: Preset
  readonly format: ImageFormat
  /** The current variant, null where it was not made yet. Fresh: made within the last minute. */
  readonly image: {
    readonly objectKey: string
    readonly bytes: number
    readonly md5: string
    readonly isFresh: boolean
  } | null
  /** Why the current source has no pictures; null too when another attempt may help. */
  readonly failure: { readonly code: string; readonly message: string } | null
}

/** Everything that a request for a variant needs to know, in one indexed look-up. Null: there is no such item. */
export async function locateVariant(
  pg: Pg,
  wanted: { sourceKey: string; preset: Preset; format: ImageFormat },
): Promise<Located | null> {
  const { sourceKey, preset, format } = wanted
  const { rows } = await pg.query({
    name: 'locate-variant',
    text: LOCATE,
    values: [sourceKey, preset.name, format, preset.recipeHash, RENDERER_VERSION],
  })
  const [row] = rows
  if (!row) return null
  return {
    itemId: row.id,
    sourceKey,
    sourceHash: row.source_hash,
    previousSourceHashes: row.previous_source_hashes,
    takenDown: row.taken_down,
    preset,
    format,
    image:
      row.object_key === null
        ? null
        : { objectKey: row.object_key, bytes: row.bytes, md5: row.md5, isFresh: row.is_fresh },
    failure: row.code === null ? null : { code: row.code, message: row.message },
  }
}

const LOCATE = `
  select i.id, i.source_hash, i.previous_source_hashes, ${TAKEN_DOWN('i')} as taken_down,
         m.object_key, m.bytes, m.md5, m.made_at > now() - interval '1 minute' as is_fresh, f.code, f.message
  from item i
  left join image m on m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = $2 and m.format = $3::image_format
    and m.recipe_hash = $4 and m.source_hash = i.source_hash
  left join render_failure f on f.item_id = i.id and f.settled
    and f.source_hash = i.source_hash and f.renderer_version = $5
  where i.source_key = $1`
