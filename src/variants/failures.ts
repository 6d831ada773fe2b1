import type { Pg } from '../db/database.ts'
import { fetchAll, query } from '../db/query.ts'

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
