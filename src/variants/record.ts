import type { AppError } from '../core/errors.ts'
import { ATTEMPTS_MAX, isSettled } from '../core/errors.ts'
import { parseTransform } from '../core/transform.ts'
import { type ImageFormat, RENDERER_VERSION } from '../core/variant.ts'
import { SLOW_MS } from '../core/vendor-costs.ts'
import { type Queryable, statement } from '../db/statement.ts'
import type { PlaceholderData } from '../render/messages.ts'
import { IS_WANTED, WRITE_EVENTS } from '../webhooks/outbox.ts'
import type { CopiedImage } from './record-copies.ts'

/** A stored picture, ready to be recorded. */
export interface MadeImage {
  readonly itemId: number
  readonly preset: string
  readonly format: ImageFormat
  readonly recipeHash: string
  readonly sourceHash: string
  readonly objectKey: string
  /** The secret of the version in its key. */
  readonly urlSecretId: number
  readonly width: number
  readonly height: number
  readonly bytes: number
  readonly md5: string
  readonly lossless: boolean
  readonly engine: string
  readonly warnings: readonly string[]
}

/** The result of rendering an item: facts about it, and its pictures. */
export interface RenderedItem extends PlaceholderData {
  readonly itemId: number
  readonly sourceHash: string
  /** CPU time of the renderer, in ms. */
  readonly cpuMs: number
  readonly images: readonly MadeImage[]
}

/** An item whose current source cannot be rendered. */
export interface FailedItem {
  readonly itemId: number
  readonly sourceHash: string
  readonly error: AppError
  readonly backfillId: number | null
}

/** The results of rendering some items. */
export interface Results {
  readonly made: readonly RenderedItem[]
  readonly failures: readonly FailedItem[]
  /** Existing pictures under keys of another URL secret. */
  readonly copied: readonly CopiedImage[]
}

/** What the results amount to. */
export function countResults({ made, failures, copied }: Results) {
  const done = new Set([...made, ...copied.filter(({ completesItem }) => completesItem)].map(({ itemId }) => itemId))
  const images = [...made.flatMap((item) => item.images), ...copied]
  const bytes = images.reduce((sum, image) => sum + image.bytes, 0)
  return { done: done.size, failed: failures.length, images: images.length, bytes }
}

/**
 * Records stored pictures with their items' placeholders, deletes those items' failures, records the items that could not be rendered,
 * and the events of it all: one statement for any number. It locks the events' families until the commit. Failed attempts count per
 * source and renderer; a code that may be transient (a crash) is final on its second occurrence, SLOW never.
 */
export async function recordResults(
  db: Queryable,
  { made = [], failures = [] }: Partial<Omit<Results, 'copied'>>,
): Promise<void> {
  if (made.length + failures.length === 0) return
  const images = made.flatMap((item) => item.images)
  const column = <K extends keyof MadeImage>(key: K) => images.map((image) => image[key])
  await RECORD_RESULTS.run(db, {
    itemIds: column('itemId'),
    presets: column('preset'),
    formats: column('format'),
    recipeHashes: column('recipeHash'),
    sourceHashes: column('sourceHash'),
    objectKeys: column('objectKey'),
    urlSecretIds: column('urlSecretId'),
    widths: column('width'),
    heights: column('height'),
    bytes: column('bytes'),
    md5s: column('md5'),
    lossless: column('lossless'),
    engines: column('engine'),
    warnings: images.map((image) => image.warnings.join(',')),
    renderMs: made.flatMap((item) => item.images.map(() => Math.round(item.cpuMs))),
    transforms: images.map((image) => parseTransform(image.preset) !== null),
    drawnIds: made.map((item) => item.itemId),
    drawnHashes: made.map((item) => item.sourceHash),
    thumbHashes: made.map((item) => item.thumbHash),
    dominantColors: made.map((item) => item.dominantColor),
    placeholders: made.map((item) => Buffer.from(item.preview)),
    darkPlaceholders: made.map((item) => Buffer.from(item.darkPreview)),
    clearPlaceholders: made.map((item) => Buffer.from(item.clearPreview)),
    palettes: made.map((item) => item.palette.map(({ color }) => color).join(',')),
    paletteShares: made.map((item) => item.palette.map(({ share }) => share).join(',')),
    monochrome: made.map((item) => item.isMonochrome),
    filling: made.map((item) => item.fillsGround),
    suitingAvif: made.map((item) => item.suitsAvif),
    slow: made.map((item) => item.cpuMs > SLOW_MS),
    failedIds: failures.map((failure) => failure.itemId),
    failedHashes: failures.map((failure) => failure.sourceHash),
    codes: failures.map((failure) => failure.error.code),
    messages: failures.map((failure) => failure.error.message),
    failureWarnings: failures.map((failure) => failure.error.warnings.join(',')),
    settled: failures.map((failure) => isSettled(failure.error.code, 1)),
    backfillIds: failures.map((failure) => failure.backfillId),
    rendererVersion: RENDERER_VERSION,
    attemptsMax: ATTEMPTS_MAX,
  })
}

// An image made again (mode ALL, or a repair) keeps its row: the object has the same bytes, but may lie elsewhere since.
// An item that its vendor removed meanwhile gets no failure; its images are discarded once none is in progress.
// A placeholder stays as first drawn until the source changes; one from an earlier release, without the other columns, is replaced.
// Transforms trigger no event: they come and go with the pages that request them.
// SLOW results from the limit for viewers: it does not count as an attempt, and only the largest limit settles a failure.
// Checking first whether any webhook wants the event saves Postgres the joins if none does.
// The commit does not wait for the disk: a row lost in a power cut is made again, with the same bytes.
const RECORD_RESULTS = statement({
  name: 'record-results',
  isPrepared: true,
  text: `
    with made as (
      insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, url_secret_id,
                         width, height, bytes, md5, lossless, engine, warnings, render_ms, used_at)
      select 'ITEM', t.owner_id, t.preset, t.format, t.recipe_hash, t.source_hash, t.object_key, t.url_secret_id,
             t.width, t.height, t.bytes, t.md5, t.lossless, t.engine, string_to_array(t.warnings, ','), t.render_ms,
             case when t.is_transform then now() end
      from unnest(:itemIds::int[], :presets::text[], :formats::image_format[], :recipeHashes::text[], :sourceHashes::text[], :objectKeys::text[], :urlSecretIds::int[],
                  :widths::int[], :heights::int[], :bytes::int[], :md5s::text[], :lossless::boolean[], :engines::text[], :warnings::text[],
                  :renderMs::int[], :transforms::boolean[])
        as t(owner_id, preset, format, recipe_hash, source_hash, object_key, url_secret_id, width, height, bytes, md5, lossless, engine, warnings,
             render_ms, is_transform)
      cross join (select set_config('synchronous_commit', 'off', true)) as soon
      on conflict (owner_type, owner_id, preset, format, recipe_hash, source_hash, url_secret_id)
        do update set made_at = now(), object_key = excluded.object_key, bytes = excluded.bytes, md5 = excluded.md5, used_at = excluded.used_at,
          render_ms = excluded.render_ms
      returning owner_id, preset, format, object_key, width, height, bytes, xmax = 0 and used_at is null as is_new
    ), drawn as (
      update item set thumb_hash = coalesce(item.thumb_hash, t.thumb_hash), is_slow = t.is_slow,
        dominant_color = coalesce(item.dominant_color, t.dominant_color), placeholder = coalesce(item.placeholder_clear, t.placeholder),
        placeholder_dark = coalesce(item.placeholder_dark, t.dark), placeholder_clear = coalesce(item.placeholder_clear, t.clear),
        palette = coalesce(string_to_array(t.palette, ','), item.palette),
        palette_shares = coalesce(string_to_array(t.shares, ',')::float4[], item.palette_shares),
        is_monochrome = coalesce(t.is_monochrome, item.is_monochrome), fills_ground = coalesce(t.fills_ground, item.fills_ground),
        suits_avif = coalesce(t.suits_avif, item.suits_avif)
      from (
        select * from unnest(:drawnIds::int[], :drawnHashes::text[], :thumbHashes::text[], :dominantColors::text[],
                             :placeholders::bytea[], :darkPlaceholders::bytea[], :clearPlaceholders::bytea[], :palettes::text[],
                             :paletteShares::text[], :monochrome::boolean[], :filling::boolean[], :suitingAvif::boolean[], :slow::boolean[])
        union all
        select id, source_hash, null, null, null, null, null, null, null, null::boolean, null::boolean, null::boolean, true
        from unnest(:failedIds::int[], :failedHashes::text[], :codes::text[]) as f(id, source_hash, code)
        where code in ('SLOW', 'TIMEOUT')
      ) as t(id, source_hash, thumb_hash, dominant_color, placeholder, dark, clear, palette, shares, is_monochrome, fills_ground,
             suits_avif, is_slow)
      where item.id = t.id and item.source_hash = t.source_hash
        and (item.is_slow <> t.is_slow or (t.placeholder is not null and (item.placeholder_clear is null or item.thumb_hash is null)))
    ), forgotten as (
      delete from render_failure where item_id = any(:drawnIds)
    ), failed as (
      insert into render_failure as f (item_id, source_hash, code, message, warnings, settled, backfill_id, renderer_version)
      select t.item_id, t.source_hash, t.code, t.message, string_to_array(t.warnings, ','), t.settled, t.backfill_id, :rendererVersion
      from unnest(:failedIds::int[], :failedHashes::text[], :codes::text[], :messages::text[], :failureWarnings::text[], :settled::boolean[], :backfillIds::int[])
        as t(item_id, source_hash, code, message, warnings, settled, backfill_id)
      where exists (select from item i where i.id = t.item_id)
      on conflict (item_id) do update set
        attempts = case when f.source_hash = excluded.source_hash and f.renderer_version = excluded.renderer_version
                          and f.code <> 'SLOW' then f.attempts + 1 else 1 end,
        settled = excluded.settled or (f.source_hash = excluded.source_hash and f.renderer_version = excluded.renderer_version
                                       and f.code <> 'SLOW' and excluded.code <> 'SLOW' and f.attempts + 1 >= :attemptsMax),
        source_hash = excluded.source_hash, renderer_version = excluded.renderer_version,
        code = excluded.code, message = excluded.message, warnings = excluded.warnings, last_at = now(),
        backfill_id = coalesce(excluded.backfill_id, f.backfill_id)
      returning item_id, code, message, attempts, settled
    ), ${WRITE_EVENTS(`
      select 'image.variant.created', f.unique_id, jsonb_build_object(
        'family', f.unique_id, 'item', i.unique_id, 'sourceKey', i.source_key, 'preset', m.preset, 'format', m.format,
        'objectKey', m.object_key, 'width', m.width, 'height', m.height, 'bytes', m.bytes), i.id
      from made m join item i on i.id = m.owner_id join family f on f.id = i.family_id
      where m.is_new and ${IS_WANTED(`'image.variant.created'`)}
      union all
      select 'image.variant.failed', f.unique_id, jsonb_build_object(
        'family', f.unique_id, 'item', i.unique_id, 'sourceKey', i.source_key, 'code', r.code, 'message', r.message,
        'attempts', r.attempts, 'final', r.settled), i.id
      from failed r join item i on i.id = r.item_id join family f on f.id = i.family_id
      where ${IS_WANTED(`'image.variant.failed'`)}`)}
    select from event_written`,
  parameters: {
    itemIds: 'int4[]',
    presets: 'text[]',
    formats: 'image_format[]',
    recipeHashes: 'text[]',
    sourceHashes: 'text[]',
    objectKeys: 'text[]',
    urlSecretIds: 'int4[]',
    widths: 'int4[]',
    heights: 'int4[]',
    bytes: 'int4[]',
    md5s: 'text[]',
    lossless: 'bool[]',
    engines: 'text[]',
    warnings: 'text[]',
    renderMs: 'int4[]',
    transforms: 'bool[]',
    drawnIds: 'int4[]',
    drawnHashes: 'text[]',
    thumbHashes: 'text[]',
    dominantColors: 'text[]',
    placeholders: 'bytea[]',
    darkPlaceholders: 'bytea[]',
    clearPlaceholders: 'bytea[]',
    palettes: 'text[]',
    paletteShares: 'text[]',
    monochrome: 'bool[]',
    filling: 'bool[]',
    suitingAvif: 'bool[]',
    slow: 'bool[]',
    failedIds: 'int4[]',
    failedHashes: 'text[]',
    codes: 'text[]',
    messages: 'text[]',
    failureWarnings: 'text[]',
    settled: 'bool[]',
    backfillIds: 'int4?[]',
    rendererVersion: 'text',
    attemptsMax: 'int4',
  },
})
