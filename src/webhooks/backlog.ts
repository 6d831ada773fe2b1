import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

export interface WebhookBacklog {
  /** Events waiting for delivery, over all webhooks. */
  readonly waiting: number
  /** Events that could not be delivered in all attempts. */
  readonly dead: number
}

/** Read from the cursors of all webhooks in one statement. */
export async function readBacklog(pg: Pg): Promise<WebhookBacklog> {
  const row = await READ_BACKLOG.get(pg)
  return { waiting: Number(row?.waiting), dead: Number(row?.dead) }
}

const READ_BACKLOG = statement({
  name: 'read-webhook-backlog',
  text: `select (select coalesce(sum(waiting), 0) from webhook_line where waiting > 0) as waiting,
                (select count(*) from dead_letter) as dead`,
  columns: { waiting: 'int8', dead: 'int8' },
})
