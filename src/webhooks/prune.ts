import type { Pg } from '../db/database.ts'
import { execute, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'

/** Delivered events are kept for inspection, others in case a webhook is enabled again. */
const KEEP_DAYS = { delivered: 7, undelivered: 30 } as const
const BATCH = 10_000

/** Deletes old events, and dead letters with them, in short transactions; the cursors of deleted webhooks; and secrets that have ended. */
export async function pruneEvents(pg: Pg, signal?: AbortSignal): Promise<void> {
  await execute(
    pg,
    query.deleteFrom('webhook_line').where('webhook_id', 'not in', query.selectFrom('webhook').select('id')),
  )
  const ended = query.updateTable('webhook').where('previous_secret_until', '<=', now)
  await execute(pg, ended.set({ previous_secret: null, previous_secret_until: null }))
  const steps = [
    { prune: PRUNE_DELIVERED, days: KEEP_DAYS.delivered },
    { prune: PRUNE_ALL, days: KEEP_DAYS.undelivered },
  ]
  for (const { prune, days } of steps)
    for (let isLast = false; !isLast && !signal?.aborted; )
      isLast = (await prune.run(pg, { days, limit: BATCH })) !== BATCH
}

const PRUNE = (condition: string) => `
  delete from event where id in
    (select id from event e where created_at < now() - make_interval(days => :days) and ${condition} limit :limit)`
const PARAMETERS = { days: 'int4', limit: 'int8' } as const

const PRUNE_DELIVERED = statement({
  name: 'prune-delivered-events',
  text: PRUNE(`
    not exists (select from dead_letter d where d.event_id = e.id)
    and not exists (select from webhook_line l where l.family = e.family and l.waiting > 0 and l.after_event_id < e.id)`),
  parameters: PARAMETERS,
})

const PRUNE_ALL = statement({ name: 'prune-events', text: PRUNE('true'), parameters: PARAMETERS })
