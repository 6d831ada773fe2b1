import type { Pg } from '../db/database.ts'

/** A failure with what it takes to find its item again. */
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

/** Every failure, or those that one backfill saw last, in the order of their ids, page by page. Memory: one page. */
export async function* readFailures(pg: Pg, backfillId: number | null): AsyncIterable<Failure[]> {
  const isOfBackfill = backfillId === null ? '$2::int is null' : 'f.backfill_id = $2'
  for (let afterId = 0; ; ) {
    const { rows } = await pg.query(
      `select f.id, i.unique_id, i.source_key, f.code, f.message, f.attempts, f.last_at, f.backfill_id
       from render_failure f join item i on i.id = f.item_id
       where f.id > $1 and ${isOfBackfill} order by f.id limit ${PAGE}`,
      [afterId, backfillId],
    )
    const last = rows.at(-1)
    if (!last) return
    afterId = last.id
    yield rows.map((row) => ({
      itemUniqueId: row.unique_id,
      sourceKey: row.source_key,
      code: row.code,
      message: row.message,
      attempts: row.attempts,
      lastAt: row.last_at,
      backfillId: row.backfill_id,
    }))
  }
}
