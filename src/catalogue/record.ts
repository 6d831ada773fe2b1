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
}

/** An item whose current source gave no picture. */
export interface FailedItem {
  readonly itemId: number
  readonly sourceHash: string
  readonly error: AppError
  readonly backfillId: number | null
}

/** Records stored pictures, and forgets the failures of their items: one statement for any number of them. */
export async function recordImages(pg: Pg | PoolClient, images: readonly MadeImage[]): Promise<void> {
  if (images.length === 0) return
  const column = <K extends keyof MadeImage>(key: K) => images.map((image) => image[key])
  await pg.query({
    name: 'record-images',
    text: RECORD_IMAGES,
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
    ],
  })
}

// An image made again (mode ALL, or healed) keeps its row: the object has the same bytes.
const RECORD_IMAGES = `
  with made as (
    insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless)
    select 'ITEM', * from unnest($1::int[], $2::text[], $3::image_format[], $4::text[], $5::text[], $6::text[],
                                 $7::int[], $8::int[], $9::int[], $10::text[], $11::boolean[])
    on conflict (owner_type, owner_id, preset, format, recipe_hash, source_hash)
      do update set made_at = now(), bytes = excluded.bytes, md5 = excluded.md5
  )
  delete from render_failure where item_id = any($1)`

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
