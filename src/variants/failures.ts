import type { Scope } from '../catalogue/scope.ts'
import type { Pg } from '../db/database.ts'
import { fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'

/** A failure, with the information needed to find its item. */
export interface Failure {
  readonly itemUniqueId: string
  readonly sourceKey: string
  readonly code: string
  readonly message: string
  readonly attempts: number
  readonly lastAt: Date
  readonly backfillId: number | null
}

const PAGE = 1000

/** All failures, or those that one backfill recorded last, or those of one vendor, in the order of their ids. Memory: one page. */
export async function* readFailures(
  pg: Pg,
  { backfillId, vendorId }: { backfillId: number | null; vendorId: number | null },
): AsyncIterable<Failure[]> {
  for (let afterId = 0; ; ) {
    const failures = query
      .selectFrom('render_failure as f')
      .innerJoin('item as i', 'i.id', 'f.item_id')
      .select(['f.id', 'i.unique_id as itemUniqueId', 'i.source_key as sourceKey', 'f.code', 'f.message', 'f.attempts'])
      .select(['f.last_at as lastAt', 'f.backfill_id as backfillId'])
      .where('f.id', '>', afterId)
    const ofBackfill = backfillId === null ? failures : failures.where('f.backfill_id', '=', backfillId)
    const own = vendorId === null ? ofBackfill : ofBackfill.where('i.vendor_id', '=', vendorId)
    const rows = await fetchAll(pg, own.orderBy('f.id').limit(PAGE))
    const last = rows.at(-1)
    if (!last) return
    afterId = last.id
    yield rows
  }
}

/** How many items of a scope have failed with each code, most first. */
export async function countFailures(pg: Pg, scope: Scope): Promise<{ code: string; count: number }[]> {
  return await COUNT_FAILURES.all(pg, { ...scope })
}

const COUNT_FAILURES = statement({
  name: 'count-failures',
  text: `
    select f.code, count(*)::int as count from render_failure f
    where (:vendorId::int is null and :familyId::int is null and :iconSetId::int is null)
       or exists (select from item i where i.id = f.item_id
                  and (:vendorId is null or i.vendor_id = :vendorId) and (:familyId is null or i.family_id = :familyId)
                  and (:iconSetId is null or i.icon_set_id = :iconSetId))
    group by f.code order by count desc, f.code`,
  parameters: { vendorId: 'int4?', familyId: 'int4?', iconSetId: 'int4?' },
  columns: { code: 'text', count: 'int4' },
})
