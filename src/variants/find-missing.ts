import { type Scope, WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IN_PLACE, IS_PRIVATE } from '../catalogue/visibility.ts'
import { type ImageFormat, type Presets, RENDERER_VERSION } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import { type Queryable, statement } from '../db/statement.ts'
import type { VariantSpec } from '../render/messages.ts'
import { firstVariants, type OfferedVariant } from './offered.ts'

export type BackfillMode = 'MISSING' | 'STALE' | 'FAILED' | 'ALL'

/** The work of a backfill. */
export interface WorkOrder {
  readonly scope: Scope
  readonly mode: BackfillMode
  readonly variants: readonly OfferedVariant[]
  /** Failures seen by this backfill are not retried by it. */
  readonly backfillId: number | null
  /** Modes FAILED and ALL repeat anything older than this. */
  readonly since: Date
  /** Pictures under keys of other secrets are stale. */
  readonly urlSecretId: number
  /** Mode FAILED retries only failures with one of these codes; absent or empty: all. */
  readonly codes?: readonly string[]
}

/** The order that completes every item: each preset in its first format, including stale variants. */
export const standardOrder = ({ presets, urlSecret }: { presets: Presets; urlSecret: UrlSecret }): WorkOrder => ({
  scope: WHOLE_CATALOGUE,
  mode: 'STALE',
  variants: firstVariants(presets),
  backfillId: null,
  since: new Date(),
  urlSecretId: urlSecret.id,
})

/** An item and the variants that it needs. */
export interface Work {
  readonly itemId: number
  readonly sourceKey: string
  /** The original's key in its store. */
  readonly originalKey: string
  readonly sourceHash: string
  readonly isPrivate: boolean
  /** Rendering it once took long. */
  readonly isSlow: boolean
  readonly variants: readonly VariantSpec[]
}

/**
 * The items in `afterId < id <= toId` that need work, in the order of their ids, at most `limit`. One anti-join that walks the primary
 * key and stops at the limit. `only` restricts it to given ids.
 */
export async function findWork(
  db: Queryable,
  order: WorkOrder,
  range: { afterId: number; toId: number; limit: number; only?: readonly number[] },
): Promise<Work[]> {
  const { afterId, toId, limit, only = null } = range
  const find = FIND_WORK[scopeNameOf(order)][only ? 'only' : 'range']
  const rows = await find.all(db, { ...valuesOf(order), afterId, toId, only, limit })
  return rows.map((row) => ({
    itemId: row.id,
    sourceKey: row.source_key,
    originalKey: row.original_key,
    sourceHash: row.source_hash,
    isPrivate: row.is_private,
    isSlow: row.is_slow,
    variants: row.presets.map((preset, index) => ({ preset, format: row.formats[index] as ImageFormat })),
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

/** Items of a scope examined in one statement, so that its cost does not grow with the catalogue. */
const BATCH_ITEMS = 10_000

/**
 * Counts what needs work among the next BATCH_ITEMS items of the scope after `afterId`; ends earlier, after the last of them, once
 * `limit` items that need work are found. Null: nothing of the scope is left.
 */
export async function measureBatch(
  db: Queryable,
  order: WorkOrder,
  { afterId, limit = BATCH_ITEMS }: { afterId: number; limit?: number },
): Promise<KeysetBatch | null> {
  const measured = await MEASURE_BATCH[scopeNameOf(order)].get(db, {
    ...valuesOf(order),
    afterId,
    batchItems: BATCH_ITEMS,
    limit,
  })
  if (!measured || measured.end_id === null) return null
  const { end_id: endId, looked_at: lookedAt, items, images, last_id: lastId } = measured
  const toId = items === limit && lastId !== null ? lastId : endId
  return { toId, items, images, isLast: lookedAt < BATCH_ITEMS && toId === endId }
}

/** One statement for each kind of scope, so that each gets a plan with its own index. */
const CONDITIONS = {
  catalogue: ':scopeId::int is null',
  vendorId: 'i.vendor_id = :scopeId',
  familyId: 'i.family_id = :scopeId',
  iconSetId: 'i.icon_set_id = :scopeId',
} as const

type ScopeName = keyof typeof CONDITIONS

export const scopeNameOf = ({ scope }: WorkOrder): ScopeName =>
  (['vendorId', 'familyId', 'iconSetId'] as const).find((each) => scope[each] !== null) ?? 'catalogue'

/** A statement for each kind of scope. @param make from the scope's name and the condition on `i`, an item */
export const forEachScope = <T>(make: (name: ScopeName, inScope: string) => T): Readonly<Record<ScopeName, T>> => ({
  catalogue: make('catalogue', CONDITIONS.catalogue),
  vendorId: make('vendorId', CONDITIONS.vendorId),
  familyId: make('familyId', CONDITIONS.familyId),
  iconSetId: make('iconSetId', CONDITIONS.iconSetId),
})

/** The parameters of the fragments below, and of a scope's condition. */
export const ORDER = {
  presets: 'text[]',
  formats: 'text[]',
  recipeHashes: 'text[]',
  mode: 'text',
  since: 'timestamptz',
  backfillId: 'int4?',
  codes: 'text[]',
  rendererVersion: 'text',
  scopeId: 'int4?',
  urlSecretId: 'int4',
} as const

export const valuesOf = (order: WorkOrder) => ({
  presets: order.variants.map(({ preset }) => preset.name),
  formats: order.variants.map(({ format }) => format),
  recipeHashes: order.variants.map(({ preset }) => preset.recipeHash),
  mode: order.mode,
  since: order.since,
  backfillId: order.backfillId,
  codes: order.codes ?? [],
  rendererVersion: RENDERER_VERSION,
  scopeId: order.scope.vendorId ?? order.scope.familyId ?? order.scope.iconSetId,
  urlSecretId: order.urlSecretId,
})

/**
 * SQL: items and the variants that each of them lacks. An existing image counts: in mode MISSING any, in mode ALL one of this run, else
 * the current one; in no mode one that lies where the item's visibility does not allow it.
 */
export const LACKING = `
  item i
  cross join lateral (
    select array_agg(w.preset) as presets, array_agg(w.format) as formats
    from unnest(:presets::text[], :formats::text[], :recipeHashes::text[]) as w(preset, format, recipe_hash)
    where not exists (
      select from image m
      where m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = w.preset and m.format = w.format::image_format
        and ${IN_PLACE('m', 'i')}
        and (:mode::text = 'MISSING'
          or (m.recipe_hash = w.recipe_hash and m.source_hash = i.source_hash and m.url_secret_id = :urlSecretId::int))
        and (:mode::text <> 'ALL' or m.made_at >= :since::timestamptz)
    )
  ) w
  left join render_failure f on f.item_id = i.id
  where not ${TAKEN_DOWN('i')}
    and w.presets is not null`

/** SQL: the item has failed, and neither its source nor the renderer has changed since. */
export const HAS_FAILED = `f.settled and f.source_hash = i.source_hash and f.renderer_version = :rendererVersion::text`

/** SQL: a failed item is retried if its source or the renderer changed, or once per run if the mode requires it. */
export const IS_TRIED = `
        case when f.id is null then :mode::text <> 'FAILED'
             when f.backfill_id = :backfillId::int and f.last_at >= :since::timestamptz then false
             when :mode::text in ('FAILED', 'ALL') then :codes::text[] = '{}' or f.code = any(:codes)
             else not (${HAS_FAILED}) end`

const NEEDING_WORK = `${LACKING} and ${IS_TRIED}`

const FIND_WORK = forEachScope((scope, inScope) => {
  const find = (name: 'range' | 'only', inRange: string) =>
    statement({
      name: `find-work-${scope}-${name}`,
      isPrepared: true,
      text: `
        select i.id, i.source_key, coalesce(i.original_key, i.source_key) as original_key, i.source_hash, ${IS_PRIVATE('i')} as is_private, i.is_slow, w.presets, w.formats
        from ${NEEDING_WORK} and i.id > :afterId and i.id <= :toId and ${inScope} and ${inRange}
        order by i.id
        limit :limit`,
      parameters: { ...ORDER, afterId: 'int4', toId: 'int4', only: 'int4[]?', limit: 'int8' },
      columns: {
        id: 'int4',
        source_key: 'text',
        original_key: 'text',
        source_hash: 'text',
        is_private: 'bool',
        is_slow: 'bool',
        presets: 'text[]',
        formats: 'text[]',
      },
    })
  return { range: find('range', ':only::int[] is null'), only: find('only', 'i.id = any(:only)') }
})

const MEASURE_BATCH = forEachScope((scope, inScope) =>
  statement({
    name: `measure-batch-${scope}`,
    isPrepared: true,
    text: `
      with batch as materialized (
        select max(id) as end_id, count(*)::int as looked_at
        from (select i.id from item i where i.id > :afterId and ${inScope} order by i.id limit :batchItems) as s
      ), work as (
        select i.id, cardinality(w.presets) as images
        from ${NEEDING_WORK} and i.id > :afterId and i.id <= (select end_id from batch) and ${inScope}
        order by i.id
        limit :limit
      )
      select end_id, looked_at, count(work.id)::int as items, coalesce(sum(images), 0)::int as images, max(work.id) as last_id
      from batch left join work on true group by end_id, looked_at`,
    parameters: { ...ORDER, afterId: 'int4', batchItems: 'int8', limit: 'int8' },
    columns: { end_id: 'int4?', looked_at: 'int4', items: 'int4', images: 'int4', last_id: 'int4?' },
  }),
)
