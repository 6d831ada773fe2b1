import type { Pg } from '../db/database.ts'

/** Delivered events are kept for inspection, the others for a webhook that is enabled again. */
const KEEP_DAYS = { delivered: 7, undelivered: 30 } as const
const BATCH = 10_000

/** Deletes old events, and dead letters with them, in short transactions; and the cursors of deleted webhooks. */
export async function pruneEvents(pg: Pg, signal?: AbortSignal): Promise<void> {
  await pg.query('delete from webhook_line where webhook_id not in (select id from webhook)')
  for (const [condition, days] of [
    [IS_DELIVERED, KEEP_DAYS.delivered],
    ['true', KEEP_DAYS.undelivered],
  ] as const) {
    for (let isLast = false; !isLast && !signal?.aborted; ) {
      const { rowCount } = await pg.query(
        `delete from event where id in
           (select id from event e where created_at < now() - make_interval(days => $1) and ${condition} limit $2)`,
        [days, BATCH],
      )
      isLast = rowCount !== BATCH
    }
  }
}

const IS_DELIVERED = `
  not exists (select from dead_letter d where d.event_id = e.id)
  and not exists (select from webhook_line l where l.family = e.family and l.waiting > 0 and l.after_event_id < e.id)`
