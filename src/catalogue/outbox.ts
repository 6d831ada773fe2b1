import type { PoolClient } from 'pg'
import type { Pg } from './database.ts'

export const EVENT_TYPES = [
  'image.variant.created',
  'image.variant.failed',
  'preview.family.created',
  'upload.completed',
  'backfill.completed',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface NewEvent {
  readonly type: EventType
  /** The family's unique id: the events of one family are delivered in order. Null for an event of none. */
  readonly family: string | null
  readonly data: Record<string, unknown>
}

/**
 * Writes events into the outbox, in the caller's transaction: an event is there if and only if its change is.
 * What no webhook wants is not written, so that a catalogue without webhooks pays for none.
 */
export async function recordEvents(client: PoolClient | Pg, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  await client.query({
    name: 'record-events',
    text: `insert into event (type, family, data)
           select e.type, e.family, e.data from unnest($1::text[], $2::text[], $3::jsonb[]) with ordinality as e(type, family, data, n)
           where exists (select from webhook where e.type = any(types)) order by n`,
    values: [
      events.map((event) => event.type),
      events.map((event) => event.family),
      events.map((event) => JSON.stringify(event.data)),
    ],
  })
}
