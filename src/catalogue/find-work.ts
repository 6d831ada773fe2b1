import type { PoolClient } from 'pg'
import type { Want } from '../render/messages.ts'
import { type ImageFormat, type Preset, RENDERER_VERSION } from '../variant.ts'
import type { Pg } from './database.ts'
import type { Scope } from './scope.ts'
import { TAKEN_DOWN } from './take-downs.ts'

export type BackfillMode = 'MISSING' | 'STALE' | 'FAILED' | 'ALL'

/** What a backfill looks for. */
export interface WorkOrder {
  readonly scope: Scope
  readonly mode: BackfillMode
  readonly variants: readonly { readonly preset: Preset; readonly format: ImageFormat }[]
  /** Failures seen by this backfill are not tried again by it. */
  readonly backfillId: number | null
  /** Modes FAILED and ALL repeat what is older than this. */
  readonly since: Date
}

/** An item and the variants that it needs. */
export interface Work {
  readonly itemId: number
  readonly sourceKey: string
  readonly sourceHash: string
  readonly wants: readonly Want[]
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
  const scopeColumn = (['vendorId', 'familyId', 'iconSetId'] as const).find((column) => order.scope[column] !== null)
  const { rows } = await pg.query({
    name: `find-work-${scopeColumn ?? 'all'}-${range.only ? 'only' : 'range'}`,
    text: FIND_WORK(
      scopeColumn ? `i.${COLUMNS[scopeColumn]} = $10` : '$10::int is null',
      range.only ? 'i.id = any($11)' : '$11::int[] is null',
    ),
    values: [
      order.variants.map(({ preset }) => preset.name),
      order.variants.map(({ format }) => format),
      order.variants.map(({ preset }) => preset.recipeHash),
      order.mode,
      order.since,
      order.backfillId,
      RENDERER_VERSION,
      range.afterId,
      range.toId,
      scopeColumn ? order.scope[scopeColumn] : null,
      range.only ?? null,
      range.limit,
    ],
  })
  return rows.map((row) => ({
    itemId: row.id,
    sourceKey: row.source_key,
    sourceHash: row.source_hash,
    wants: row.presets.map((preset: string, index: number) => ({ preset, format: row.formats[index] })),
  }))
}

const COLUMNS = { vendorId: 'vendor_id', familyId: 'family_id', iconSetId: 'icon_set_id' } as const

// The scope's column stands in the text, so that each scope gets a plan on its own index.
// An image is enough: in mode MISSING any, else the current one, in mode ALL one of this run.
// An item that failed is tried again when its source or the renderer changed, or when the mode says so, once a run.
const FIND_WORK = (inScope: string, inRange: string) => `
  select i.id, i.source_key, i.source_hash, w.presets, w.formats
  from item i
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
  where i.id > $8 and i.id <= $9 and ${inScope} and ${inRange}
    and not ${TAKEN_DOWN('i')}
    and w.presets is not null
    and case when f.id is null then $4::text <> 'FAILED'
             when f.backfill_id = $6::int and f.last_at >= $5::timestamptz then false
             when $4::text in ('FAILED', 'ALL') then true
             else not (f.settled and f.source_hash = i.source_hash and f.renderer_version = $7::text) end
  order by i.id
  limit $12`
