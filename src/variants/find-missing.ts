import type { PoolClient } from 'pg'
import { type Scope, WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { type Presets, RENDERER_VERSION } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import type { VariantSpec } from '../render/messages.ts'
import { firstVariants, type OfferedVariant } from './offered.ts'

export type BackfillMode = 'MISSING' | 'STALE' | 'FAILED' | 'ALL'

/** The work of a backfill. */
export interface WorkOrder {
  readonly scope: Scope
  readonly mode: BackfillMode
  readonly variants: readonly OfferedVariant[]
  /** Failures seen by this backfill are not tried again by it. */
  readonly backfillId: number | null
  /** Modes FAILED and ALL repeat what is older than this. */
  readonly since: Date
}

/** The work that gives every item all it should have: each preset in the format it lists first, stale variants included. */
export const standardOrder = (presets: Presets): WorkOrder => ({
  scope: WHOLE_CATALOGUE,
  mode: 'STALE',
  variants: firstVariants(presets),
  backfillId: null,
  since: new Date(),
})

/** An item and the variants that it needs. */
export interface Work {
  readonly itemId: number
  readonly sourceKey: string
  /** The original's key in its store. */
  readonly originalKey: string
  readonly sourceHash: string
  readonly variants: readonly VariantSpec[]
}

/**
 * The items in `afterId < id <= toId` that need work, in the order of their ids, at most `limit`.
 * One anti-join that walks the primary key and stops at the limit. `only` narrows it to given ids.
 */
export async function findWork(
  pg: Pg | PoolClient,
  order: WorkOrder,
  range: { afterId: number; toId: number; limit: number; only?: readonly number[] },
): Promise<Work[]> {
  const scope = scopeOf(order)
  const { rows } = await pg.query({
    name: `find-work-${scope.name}-${range.only ? 'only' : 'range'}`,
    text: FIND_WORK(scope.condition, range.only ? 'i.id = any($11)' : '$11::int[] is null'),
    values: [...valuesOf(order), range.afterId, range.toId, scope.id, range.only ?? null, range.limit],
  })
  return rows.map((row) => ({
    itemId: row.id,
    sourceKey: row.source_key,
    originalKey: row.original_key,
    sourceHash: row.source_hash,
    variants: row.presets.map((preset: string, index: number) => ({ preset, format: row.formats[index] })),
  }))
}

/** A batch of the scope and what needs work in it. */
export interface KeysetBatch {
  /** The last item that was examined. */
  readonly toId: number
  readonly items: number
  readonly images: number
  /** Nothing of the scope comes after it. */
  readonly isLast: boolean
}

/** Items of a scope that are examined in one statement, so that its cost does not grow with the catalogue. */
export const BATCH_ITEMS = 10_000

/**
 * Counts what needs work among the next BATCH_ITEMS items of the scope after `afterId`; ends earlier, right after the
 * last of them, when `limit` items that need work are found. Null: nothing of the scope is left.
 */
export async function measureBatch(
  pg: Pg | PoolClient,
  order: WorkOrder,
  { afterId, limit = BATCH_ITEMS }: { afterId: number; limit?: number },
): Promise<KeysetBatch | null> {
  const scope = scopeOf(order)
  const { rows } = await pg.query({
    name: `measure-batch-${scope.name}`,
    text: MEASURE_BATCH(scope.condition),
    values: [...valuesOf(order), afterId, BATCH_ITEMS, scope.id, limit],
  })
  const { end_id, looked_at, items, images, last_id } = rows[0]
  if (end_id === null) return null
  const toId = items === limit ? last_id : end_id
  return { toId, items, images, isLast: looked_at < BATCH_ITEMS && toId === end_id }
}

/** One statement text for each kind of scope, so that each gets a plan on its own index. */
export function scopeOf({ scope }: WorkOrder): { name: string; condition: string; id: number | null } {
  const column = (['vendorId', 'familyId', 'iconSetId'] as const).find((each) => scope[each] !== null)
  if (!column) return { name: 'all', condition: '$10::int is null', id: null }
  return { name: column, condition: `i.${COLUMNS[column]} = $10`, id: scope[column] }
}

const COLUMNS = { vendorId: 'vendor_id', familyId: 'family_id', iconSetId: 'icon_set_id' } as const

/** $1 to $7 of the fragments below. */
export const valuesOf = (order: WorkOrder) => [
  order.variants.map(({ preset }) => preset.name),
  order.variants.map(({ format }) => format),
  order.variants.map(({ preset }) => preset.recipeHash),
  order.mode,
  order.since,
  order.backfillId,
  RENDERER_VERSION,
]

/**
 * SQL: items and the variants that each of them lacks. An existing image counts: in mode MISSING any, else the current one, in mode ALL one
 * of this run.
 */
export const LACKING = `
  item i
  cross join lateral (
    select array_agg(w.preset) as presets, array_agg(w.format) as formats
    from unnest($1::text[], $2::text[], $3::text[]) as w(preset, format, recipe_hash)
    where not exists (
      select from image m
      where m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = w.preset and m.format = w.format::image_format
        and ($4::text = 'MISSING' or (m.recipe_hash = w.recipe_hash and m.source_hash = i.source_hash))
        and ($4::text <> 'ALL' or m.made_at >= $5::timestamptz)
    )
  ) w
  left join render_failure f on f.item_id = i.id
  where not ${TAKEN_DOWN('i')}
    and w.presets is not null`

/** SQL: the item has failed, and neither its source nor the renderer has changed since. */
export const HAS_FAILED = `f.settled and f.source_hash = i.source_hash and f.renderer_version = $7::text`

/** SQL: an item that failed is tried again when its source or the renderer changed, or when the mode says so, once per run. */
export const IS_TRIED = `
        case when f.id is null then $4::text <> 'FAILED'
             when f.backfill_id = $6::int and f.last_at >= $5::timestamptz then false
             when $4::text in ('FAILED', 'ALL') then true
             else not (${HAS_FAILED}) end`

const NEEDING_WORK = `${LACKING} and ${IS_TRIED}`

const FIND_WORK = (inScope: string, inRange: string) => `
  select i.id, i.source_key, coalesce(i.original_key, i.source_key) as original_key, i.source_hash, w.presets, w.formats
  from ${NEEDING_WORK} and i.id > $8 and i.id <= $9 and ${inScope} and ${inRange}
  order by i.id
  limit $12`

const MEASURE_BATCH = (inScope: string) => `
  with batch as materialized (
    select max(id) as end_id, count(*)::int as looked_at
    from (select i.id from item i where i.id > $8 and ${inScope} order by i.id limit $9) as s
  ), work as (
    select i.id, cardinality(w.presets) as images
    from ${NEEDING_WORK} and i.id > $8 and i.id <= (select end_id from batch) and ${inScope}
    order by i.id
    limit $11
  )
  select end_id, looked_at, count(work.id)::int as items, coalesce(sum(images), 0)::int as images, max(work.id) as last_id
  from batch left join work on true group by end_id, looked_at`
