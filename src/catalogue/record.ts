import type { PoolClient } from 'pg'
import type { AppError } from '../errors.ts'
import { ATTEMPTS_MAX, isSettled } from '../errors.ts'
import { type ImageFormat, RENDERER_VERSION } from '../variant.ts'
import type { Pg } from './database.ts'

/** A stored picture, ready to be recorded. */
export interface MadeImage {
  readonly itemId: number
  readonly preset: string
  readonly format: ImageFormat
  readonly recipeHash: string
  readonly sourceHash: string
  readonly objectKey: string
  readonly width: number
  readonly height: number
  readonly bytes: number
  readonly md5: string
  readonly lossless: boolean
  readonly engine: string
  readonly warnings: readonly string[]
}

/** What one render told about an item, and the pictures it gave. */
export interface RenderedItem {
  readonly itemId: number
  readonly sourceHash: string
  readonly thumbHash: string
  readonly dominantColor: string
  readonly images: readonly MadeImage[]
}

/** An item whose current source gave no picture. */
export interface FailedItem {
  readonly itemId: number
  readonly sourceHash: string
  readonly error: AppError
  readonly backfillId: number | null
}

/**
 * Records stored pictures and their items' placeholders, and forgets the items' failures: one statement for any number.
 */
export async function recordRenders(pg: Pg | PoolClient, items: readonly RenderedItem[]): Promise<void> {
  if (items.length === 0) return
  const images = items.flatMap((item) => item.images)
  const column = <K extends keyof MadeImage>(key: K) => images.map((image) => image[key])
  await pg.query({
    name: 'record-renders',
    text: RECORD_RENDERS,
    values: [
      column('itemId'),
      column('preset'),
      column('format'),
      column('recipeHash'),
      column('sourceHash'),
      column('objectKey'),
      column('width'),
      column('height'),
      column('bytes'),
      column('md5'),
      column('lossless'),
      column('engine'),
      images.map((image) => image.warnings.join(',')),
      items.map((item) => item.itemId),
      items.map((item) => item.sourceHash),
      items.map((item) => item.thumbHash),
      items.map((item) => item.dominantColor),
    ],
  })
}

// An image made again (mode ALL, or healed) keeps its row: the object has the same bytes.
// A placeholder stays as it was first drawn, until the source changes.
// The commit does not wait for the disk: a row that a power cut takes along is made again, with the same bytes.
const RECORD_RENDERS = `
  with made as (
    insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key,
                       width, height, bytes, md5, lossless, engine, warnings)
    select 'ITEM', t.owner_id, t.preset, t.format, t.recipe_hash, t.source_hash, t.object_key,
           t.width, t.height, t.bytes, t.md5, t.lossless, t.engine, string_to_array(t.warnings, ',')
    from unnest($1::int[], $2::text[], $3::image_format[], $4::text[], $5::text[], $6::text[],
                $7::int[], $8::int[], $9::int[], $10::text[], $11::boolean[], $12::text[], $13::text[])
      as t(owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine, warnings)
    cross join (select set_config('synchronous_commit', 'off', true)) as soon
    on conflict (owner_type, owner_id, preset, format, recipe_hash, source_hash)
      do update set made_at = now(), bytes = excluded.bytes, md5 = excluded.md5
  ), drawn as (
    update item set thumb_hash = t.thumb_hash, dominant_color = t.dominant_color
    from unnest($14::int[], $15::text[], $16::text[], $17::text[]) as t(id, source_hash, thumb_hash, dominant_color)
    where item.id = t.id and item.source_hash = t.source_hash and item.thumb_hash is null
  )
  delete from render_failure where item_id = any($14)`

/**
 * Records items that gave no picture. Attempts count per source and renderer; a code that may pass
 * (a crash, a time-out) is settled by its second attempt.
 */
export async function recordFailures(pg: Pg | PoolClient, failures: readonly FailedItem[]): Promise<void> {
  if (failures.length === 0) return
  await pg.query({
    name: 'record-failures',
    text: RECORD_FAILURES,
    values: [
      failures.map((failure) => failure.itemId),
      failures.map((failure) => failure.sourceHash),
      failures.map((failure) => failure.error.code),
      failures.map((failure) => failure.error.message),
      failures.map((failure) => isSettled(failure.error.code, 1)),
      failures.map((failure) => failure.backfillId),
      RENDERER_VERSION,
      ATTEMPTS_MAX,
    ],
  })
}

const RECORD_FAILURES = `
  insert into render_failure as f (item_id, source_hash, code, message, settled, backfill_id, renderer_version)
  select *, $7 from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::int[])
  on conflict (item_id) do update set
    attempts = case when f.source_hash = excluded.source_hash and f.renderer_version = excluded.renderer_version
                    then f.attempts + 1 else 1 end,
    settled = excluded.settled or (f.source_hash = excluded.source_hash and f.renderer_version = excluded.renderer_version
                                   and f.attempts + 1 >= $8),
    source_hash = excluded.source_hash, renderer_version = excluded.renderer_version,
    code = excluded.code, message = excluded.message, last_at = now(),
    backfill_id = coalesce(excluded.backfill_id, f.backfill_id)`
