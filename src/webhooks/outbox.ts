import { OUTBOX_LOCKS } from '../db/locks.ts'
import { type Queryable, statement } from '../db/statement.ts'
import type { EventType } from './event-types.ts'

export interface NewEvent {
  readonly type: EventType
  /** The family's unique id: the events of one family are delivered in order. Null for events without a family. */
  readonly family: string | null
  readonly data: Record<string, unknown>
}

/** SQL: whether any webhook is subscribed to events of this type. */
export const IS_WANTED = (type: string): string =>
  `exists (select from webhook where disabled_at is null and ${type} = any(types))`

/** SQL: whether webhook w may see event e: a vendor's receives that vendor's alone, of which `data.vendor` or the family tells. */
export const IS_OF_VENDOR = '(w.vendor is null or w.vendor = e.vendor)'

/**
 * SQL: the CTEs that write events and count them as pending for the webhooks subscribed to them; `event_written` has their ids. Events
 * without a subscriber are not written, so that a catalogue without webhooks has no overhead.
 * Ids are not assigned in the order in which transactions commit, and a delivery cursor would skip an event that commits late. Therefore
 * a family is locked from before its first id until the commit: within a family the order of the ids is that of the commits. The locks
 * are taken in the order of their keys, and all of a transaction's at once, so that two transactions never deadlock.
 * @param source a select of type, family, data (jsonb) and n, their order
 */
export const WRITE_EVENTS = (source: string): string => `
  event_wanted as materialized (
    select e.type, coalesce(e.family, '') as family, e.data, e.n, coalesce(e.data->>'vendor', (
      select v.username from family f join vendor v on v.id = f.vendor_id where f.unique_id = e.family)) as vendor
    from (${source}) as e(type, family, data, n)
    where ${IS_WANTED('e.type')}
  ), event_locked as materialized (
    select pg_advisory_xact_lock(${OUTBOX_LOCKS}, key)
    from (select distinct hashtext(family) as key from event_wanted order by 1) as keys
  ), event_written as (
    insert into event (type, family, data, vendor, created_at)
    select type, family, data, vendor, clock_timestamp() from event_wanted cross join (select count(*) from event_locked) as locks
    order by n
    returning id, type, family, vendor
  ), event_lines as (
    insert into webhook_line as l (webhook_id, family, after_event_id, waiting, next_attempt_at)
    select w.id, e.family, min(e.id) - 1, count(*), now()
    from event_written e join webhook w on w.disabled_at is null and e.type = any(w.types) and ${IS_OF_VENDOR}
    group by w.id, e.family order by w.id, e.family
    on conflict (webhook_id, family) do update set waiting = l.waiting + excluded.waiting,
      next_attempt_at = case when l.waiting = 0 then excluded.next_attempt_at else l.next_attempt_at end
  )`

/**
 * Writes events into the outbox, in the caller's transaction: an event exists if and only if its change does. Called once in a
 * transaction and last: it locks the events' families until the commit.
 */
export async function recordEvents(client: Queryable, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  await RECORD_EVENTS.run(client, {
    types: events.map((event) => event.type),
    families: events.map((event) => event.family),
    data: events.map((event) => JSON.stringify(event.data)),
  })
}

const RECORD_EVENTS = statement({
  name: 'record-events',
  isPrepared: true,
  text: `
    with ${WRITE_EVENTS('select * from unnest(:types::text[], :families::text[], :data::jsonb[]) with ordinality')}
    select from event_written`,
  parameters: { types: 'text[]', families: 'text?[]', data: 'jsonb[]' },
})
