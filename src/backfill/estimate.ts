import { AppError } from '../core/errors.ts'
import type { Presets } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { countWork, type WorkCount } from './count-missing.ts'
import { type BackfillRequest, fingerprintOf, orderOf } from './request.ts'

/** The estimated work of a backfill. */
export interface BackfillPlan {
  readonly items: number
  readonly images: number
  /** Items whose current source has failed before: modes FAILED and ALL retry them, the others skip them. */
  readonly failedBefore: number
  /** At the speed of the latest backfills' chunks, of those with AVIF or of those without; null if none ran within a day. */
  readonly estimatedSeconds: number | null
  /** Based on the size of the latest images; null if a variant has no images yet. */
  readonly estimatedBytes: number | null
}

export type EstimateBackfill = (request: BackfillRequest) => Promise<BackfillPlan>

/** Counting scans every item in scope, and anyone may request it, so it is limited globally. */
const COUNTS_AT_ONCE = 2
const COUNT_LIMIT_S = 60

/** Chunks over which the speed is measured: with many workers some minutes, with one an hour. */
const MEASURED_CHUNKS = 200
const MEASURED_IMAGES = 1000

/**
 * Estimates a backfill without starting it: items and images are counted as the backfill would find them. Concurrent equal requests share
 * one count. Throws BUSY if others are being counted or the count takes over a minute.
 */
export function createEstimate(app: {
  readonly pg: Pg
  readonly presets: Presets
  readonly urlSecret: UrlSecret
}): EstimateBackfill {
  const { pg } = app
  const flights = new Map<string, Promise<BackfillPlan>>()

  async function estimate(request: BackfillRequest): Promise<BackfillPlan> {
    const order = orderOf(app, { ...request, ...request.scope, id: null, createdAt: new Date() })
    return await inTransaction(pg, async (client) => {
      await LIMIT_TIME.run(client, { limit: `${COUNT_LIMIT_S}s` })
      const work = await countWork(client, order).catch((error) => {
        throw error.code === QUERY_CANCELED ? tooLong(error) : error
      })
      const hasAvif = order.variants.some(({ format }) => format === 'AVIF')
      const measured = await MEASURE_RATE.get(client, { chunks: MEASURED_CHUNKS, hasAvif })
      const sizes = await MEASURE_SIZES.all(client, {
        presets: order.variants.map(({ preset }) => preset.name),
        formats: order.variants.map(({ format }) => format),
        images: MEASURED_IMAGES,
      })
      return planOf(work, { itemsPerSecond: measured?.rate ?? null, sizes })
    })
  }

  return (request) => {
    const key = fingerprintOf(request)
    const flight = flights.get(key)
    if (flight) return flight
    if (flights.size >= COUNTS_AT_ONCE)
      return Promise.reject(new AppError('BUSY', 'Other plans are being counted; try again in a few seconds.'))
    const started = estimate(request).finally(() => flights.delete(key))
    flights.set(key, started)
    return started
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const QUERY_CANCELED = '57014'
const tooLong = (cause: unknown) =>
  new AppError('BUSY', `Counting took longer than ${COUNT_LIMIT_S} s: plan a vendor or a family at a time.`, { cause })

function planOf(
  { items, images, failedBefore }: WorkCount,
  measured: {
    itemsPerSecond: number | null
    sizes: readonly { preset: string; format: string; bytes: number }[]
  },
): BackfillPlan {
  const wanted = images.filter(({ count }) => count > 0)
  const bytes = wanted.map(({ preset, format, count }) => {
    const size = measured.sizes.find((each) => each.preset === preset && each.format === format)
    return size ? count * size.bytes : null
  })
  const seconds = items === 0 ? 0 : measured.itemsPerSecond && items / measured.itemsPerSecond
  return {
    items,
    images: wanted.reduce((sum, { count }) => sum + count, 0),
    failedBefore,
    estimatedSeconds: seconds === null ? null : Math.ceil(seconds),
    estimatedBytes: bytes.includes(null) ? null : Math.round(bytes.reduce<number>((sum, each) => sum + (each ?? 0), 0)),
  }
}

const LIMIT_TIME = statement({
  name: 'limit-time',
  text: `select set_config('statement_timeout', :limit, true)`,
  parameters: { limit: 'text' },
  columns: { set_config: 'text' },
})

// Chunks run in parallel: time covered by several of them counts once, and time between them not at all. Work that others did in a chunk
// counts as done by it, though it took no time: an item needs an image or a failure. AVIF takes many times as long as the other formats.
const MEASURE_RATE = statement({
  name: 'measure-rate',
  text: `
    select nullif(sum(least(done_items, images_made) + failed_items), 0)::float8 / (
      select nullif(extract(epoch from sum(upper(busy) - lower(busy))), 0)
      from unnest(range_agg(tstzrange(started_at, updated_at))) as busy
    )::float8 as rate
    from (
      select c.* from backfill_chunk c join backfill b on b.id = c.backfill_id
      where c.updated_at > now() - interval '1 day' and c.started_at < c.updated_at and ('AVIF' = any(b.formats)) = :hasAvif
      order by c.updated_at desc limit :chunks
    ) as latest`,
  parameters: { chunks: 'int8', hasAvif: 'bool' },
  columns: { rate: 'float8?' },
})

// All images of the items that were rendered last: a run with one preset does not hide the sizes of others.
const MEASURE_SIZES = statement({
  name: 'measure-sizes',
  text: `
    select w.preset, w.format, avg(m.bytes)::float8 as bytes
    from unnest(:presets::text[], :formats::text[]) as w(preset, format)
    join image m on m.owner_type = 'ITEM' and m.preset = w.preset and m.format = w.format::image_format
      and m.owner_id in (select owner_id from (select owner_type, owner_id from image order by id desc limit :images) as latest
                         where owner_type = 'ITEM')
    group by 1, 2`,
  parameters: { presets: 'text[]', formats: 'text[]', images: 'int8' },
  columns: { preset: 'text', format: 'text', bytes: 'float8' },
})
