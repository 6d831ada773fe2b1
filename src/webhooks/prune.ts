import type { Pg } from '../db/database.ts'

/** Delivered events stay for a look back, the others for a webhook that comes back. */
const KEEP_DAYS = { delivered: 7, undelivered: 30 } as const
const AT_ONCE = 10_000

/** Deletes old events, and dead letters with them, in short transactions; and the lines of webhooks that are gone. */
export async function pruneEvents(pg: Pg, signal?: AbortSignal): Promise<void> {
  await pg.query('delete from webhook_line where webhook_id not in (select id from webhook)')
  for (const [condition, days] of [
    [IS_DONE, KEEP_DAYS.delivered],
    ['true', KEEP_DAYS.undelivered],
  ] as const) {
    for (let isLast = false; !isLast && !signal?.aborted; ) {
      const { rowCount } = await pg.query(
        `delete from event where id in
           (select id from event e where created_at < now() - make_interval(days => $1) and ${condition} limit $2)`,
        [days, AT_ONCE],
      )
      isLast = rowCount !== AT_ONCE
    }
  }
}

const IS_DONE = `
  not exists (select from dead_letter d where d.event_id = e.id)
  and not exists (select from webhook_line l where l.family = e.family and l.waiting > 0 and l.after_event_id < e.id)`
