import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IN_PLACE, IS_PRIVATE } from '../catalogue/visibility.ts'
import type { Recipe } from '../core/transform.ts'
import { type ImageFormat, type Preset, RENDERER_VERSION } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { type Queryable, statement } from '../db/statement.ts'

/** A recorded picture. */
export interface StoredImage {
  readonly id: string
  /** The secret of the version in its key. */
  readonly urlSecretId: number
  readonly objectKey: string
  readonly bytes: number
  readonly md5: string
  /** Made within the last minute. */
  readonly isFresh: boolean
  /** Whether it is a transform's picture whose last use was recorded some time ago. */
  readonly isUseDue: boolean
}

/** The picture under the key of this secret; null if it was not made yet. */
export const imageOf = (images: readonly StoredImage[], { id }: UrlSecret): StoredImage | null =>
  images.find(({ urlSecretId }) => urlSecretId === id) ?? null

/** An item, one of its variants, and the state of that variant. */
export interface Located {
  readonly itemId: number
  readonly sourceKey: string
  /** The original's key in its store. */
  readonly originalKey: string
  readonly sourceHash: string
  readonly previousSourceHashes: readonly string[]
  readonly takenDown: boolean
  /** Nothing of it is public: only signed URLs show it. */
  readonly isPrivate: boolean
  readonly recipe: Recipe
  /** The instructions for the renderers, for this item. */
  readonly preset: Preset
  readonly format: ImageFormat
  /** The current variant under the key of each secret for which it exists, newest first. */
  readonly images: readonly StoredImage[]
  /** Whether a recent attempt to draw it took too long. */
  readonly isSlow: boolean
  /** Why the current source cannot be rendered; also null if another attempt may help. */
  readonly failure: { readonly code: string; readonly message: string } | null
  /** A request found it too slow within the last minute: a worker tries it with more time. */
  readonly isLeftToWorker: boolean
  /** A request found it too slow, and no worker has made it since. */
  readonly wasTooSlow: boolean
  /** A tiny placeholder picture; null until the item is first rendered. */
  readonly placeholder: Buffer | null
}

/** A variant that somebody asks for. */
export interface Wanted {
  readonly sourceKey: string
  readonly recipe: Recipe
  readonly format: ImageFormat
}

/** Reads everything that a request for a variant needs, in one indexed look-up. Null: there is no such item. */
export async function locateVariant(pg: Pg, wanted: Wanted): Promise<Located | null> {
  const [located = null] = await locateVariants(pg, [wanted])
  return located
}

/** Reads everything that requests for variants need, in one indexed look-up. Null: there is no such item. */
export async function locateVariants(db: Queryable, wanted: readonly Wanted[]): Promise<(Located | null)[]> {
  const rows = await LOCATE.all(db, {
    sourceKeys: wanted.map(({ sourceKey }) => sourceKey),
    presets: wanted.map(({ recipe }) => recipe.name),
    formats: wanted.map(({ format }) => format),
    recipeHashes: wanted.map(({ recipe }) => recipe.recipeHash),
    rendererVersion: RENDERER_VERSION,
  })
  const found = Map.groupBy(rows, (row) => row.place)
  return wanted.map(({ sourceKey, recipe, format }, index) => {
    const [row, ...others] = found.get(index + 1) ?? []
    if (!row) return null
    return {
      itemId: row.id,
      sourceKey,
      originalKey: row.original_key,
      sourceHash: row.source_hash,
      previousSourceHashes: row.previous_source_hashes,
      takenDown: row.taken_down,
      isPrivate: row.is_private,
      recipe,
      preset: recipe.presetFor(row),
      format,
      images: storedImagesOf([row, ...others]),
      isSlow: row.is_slow,
      failure:
        row.settled && row.code !== null && row.message !== null ? { code: row.code, message: row.message } : null,
      isLeftToWorker: row.is_left_to_worker ?? false,
      wasTooSlow: row.code === 'SLOW',
      placeholder: row.placeholder,
    }
  })
}

/** The pictures of joined rows, one for each secret, newest first; a single row without one if there are none. */
export const storedImagesOf = (rows: readonly JoinedImage[]): StoredImage[] =>
  rows
    .flatMap(({ image_id: id, url_secret_id: urlSecretId, object_key: objectKey, bytes, md5, ...row }) =>
      id === null || urlSecretId === null || objectKey === null || bytes === null || md5 === null
        ? []
        : {
            ...{ id, urlSecretId, objectKey, bytes, md5 },
            isFresh: row.is_fresh ?? false,
            isUseDue: row.is_use_due ?? false,
          },
    )
    .sort((a, b) => b.urlSecretId - a.urlSecretId)

interface JoinedImage {
  readonly image_id: string | null
  readonly url_secret_id: number | null
  readonly object_key: string | null
  readonly bytes: number | null
  readonly md5: string | null
  readonly is_fresh: boolean | null
  readonly is_use_due: boolean | null
}

/** SQL: the columns of a joined image `m`. */
export const JOINED_IMAGE = `
           m.id as image_id, m.url_secret_id, m.object_key, m.bytes, m.md5, m.made_at > now() - interval '1 minute' as is_fresh,
           m.used_at < now() - interval '1 day' as is_use_due`

export const JOINED_IMAGE_COLUMNS = {
  image_id: 'int8?',
  url_secret_id: 'int4?',
  object_key: 'text?',
  bytes: 'int4?',
  md5: 'text?',
  is_fresh: 'bool?',
  is_use_due: 'bool?',
} as const

const LOCATE = statement({
  name: 'locate-variants',
  isPrepared: true,
  text: `
    select w.place::int, i.id, coalesce(i.original_key, i.source_key) as original_key, i.source_hash,
           i.previous_source_hashes, i.width, i.height, ${TAKEN_DOWN('i')} as taken_down, ${IS_PRIVATE('i')} as is_private,
           i.is_slow, i.placeholder, ${JOINED_IMAGE}, f.code, f.message, f.settled, f.code = 'SLOW' and f.last_at > now() - interval '1 minute' as is_left_to_worker
    from unnest(:sourceKeys::text[], :presets::text[], :formats::image_format[], :recipeHashes::text[])
      with ordinality as w(source_key, preset, format, recipe_hash, place)
    join item i on i.source_key = w.source_key
    left join image m on m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = w.preset and m.format = w.format
      and m.recipe_hash = w.recipe_hash and m.source_hash = i.source_hash and ${IN_PLACE('m', 'i')}
    left join render_failure f on f.item_id = i.id
      and f.source_hash = i.source_hash and f.renderer_version = :rendererVersion`,
  parameters: {
    sourceKeys: 'text[]',
    presets: 'text[]',
    formats: 'image_format[]',
    recipeHashes: 'text[]',
    rendererVersion: 'text',
  },
  columns: {
    place: 'int4',
    id: 'int4',
    original_key: 'text',
    source_hash: 'text',
    previous_source_hashes: 'text[]',
    width: 'float8?',
    height: 'float8?',
    taken_down: 'bool',
    is_private: 'bool',
    is_slow: 'bool',
    placeholder: 'bytea?',
    ...JOINED_IMAGE_COLUMNS,
    code: 'text?',
    message: 'text?',
    settled: 'bool?',
    is_left_to_worker: 'bool?',
  },
})
