import { sql } from 'kysely'
import type { Pg } from '../db/database.ts'
import { execute, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { IS_OF_VENDOR } from './outbox.ts'
import type { DeliveryFailure, StoredEvent } from './post-event.ts'

/** Attempts before an event becomes a dead letter: over about 11 hours. */
export const ATTEMPTS_MAX = 8
/** 5 s, 25 s, 2 min, 10 min, 52 min, 4 h, 6 h; with jitter of up to a fifth, so that retries do not come in bursts. */
const BACKOFF = { firstS: 5, factor: 5, maxS: 6 * 3600, jitter: 0.2 } as const
/** Longer than an attempt can last. */
const CLAIM_S = 30
/** A webhook without a successful delivery for this long is disabled: its events would accumulate for ever. */
const GIVE_UP_DAYS = 7

/** The target of deliveries. */
export interface Receiver {
  readonly id: number
  readonly url: string
  /** Each signs, the current one first. */
  readonly secrets: readonly string[]
  readonly types: readonly string[]
  /** Whose events alone it receives; null: all. */
  readonly vendor: string | null
}

/**
 * The delivery position of a webhook within the events of one family (table `webhook_line`), claimed: until the claim ends, only this
 * process delivers from it.
 */
export interface DeliveryCursor {
  readonly webhookId: number
  readonly family: string
  /** Events that were pending when it was claimed. */
  readonly waiting: number
  readonly attempts: number
  /** Identifies the claim: a process whose claim has ended finds another value and changes nothing. */
  readonly claimedUntil: Date
}

const IS_DUE = `waiting > 0 and next_attempt_at <= now() and (claimed_until is null or claimed_until <= now())`

/** The webhooks that have something to be sent now. */
export const findDueReceivers = (pg: Pg): Promise<Receiver[]> => FIND_DUE_RECEIVERS.all(pg)

const FIND_DUE_RECEIVERS = statement({
  name: 'find-due-receivers',
  isPrepared: true,
  // Uses the first entry of each in the index: with `exists` it was a scan of all cursors.
  text: `select id, url, types, vendor, array_remove(array[secret, case when previous_secret_until > now() then previous_secret end], null) as secrets
         from webhook w cross join lateral
           (select from webhook_line where webhook_id = w.id and ${IS_DUE} order by next_attempt_at limit 1) as due
         where disabled_at is null`,
  columns: { id: 'int4', url: 'text', types: 'text[]', vendor: 'text?', secrets: 'text[]' },
})

/** Claims cursors of a webhook that are due, the longest due first. */
export const claimCursors = (pg: Pg, webhookId: number, cursorsMax: number): Promise<DeliveryCursor[]> =>
  CLAIM_CURSORS.all(pg, { webhookId, cursorsMax, claimS: CLAIM_S })

const CURSOR = {
  webhookId: 'int4',
  family: 'text',
  waiting: 'int4',
  attempts: 'int4',
  claimedUntil: 'timestamptz',
} as const

const CLAIM_CURSORS = statement({
  name: 'claim-cursors',
  isPrepared: true,
  text: `update webhook_line l set claimed_until = now() + make_interval(secs => :claimS)
         from (select family from webhook_line where webhook_id = :webhookId and ${IS_DUE}
               order by next_attempt_at limit :cursorsMax for update skip locked) as due
         where l.webhook_id = :webhookId and l.family = due.family
         returning l.webhook_id as "webhookId", l.family, l.waiting, l.attempts, l.claimed_until as "claimedUntil"`,
  parameters: { webhookId: 'int4', cursorsMax: 'int8', claimS: 'float8' },
  columns: CURSOR,
})

/** The next event to be delivered: a replayed one before all later ones. Null if there is none. */
export async function findNext(pg: Pg, cursor: DeliveryCursor): Promise<StoredEvent | null> {
  const { webhookId, family } = cursor
  return (await FIND_NEXT.get(pg, { webhookId, family })) ?? null
}

const FIND_NEXT = statement({
  name: 'find-next-event',
  isPrepared: true,
  text: `select e.id, e.type, e.data, e.created_at as "createdAt" from (
           select min(event_id) as id from dead_letter where webhook_id = :webhookId and family = :family and replaying
           union all
           -- By type: a family may have thousands of events that this webhook does not want.
           select first.id from webhook_line l join webhook w on w.id = l.webhook_id
           cross join unnest(w.types) as wanted(type)
           cross join lateral (select id from event e where family = :family and type = wanted.type and id > l.after_event_id
                               and ${IS_OF_VENDOR} order by id limit 1) as first
           where l.webhook_id = :webhookId and l.family = :family
         ) as heads join event e using (id) order by id limit 1`,
  parameters: { webhookId: 'int4', family: 'text' },
  columns: { id: 'int8', type: 'text', data: 'jsonb', createdAt: 'timestamptz' },
})

/** SQL: the cursor still has this claim. */
const IS_OURS = 'webhook_id = :webhookId and family = :family and claimed_until = :claimedUntil'
const OURS = { webhookId: 'int4', family: 'text', claimedUntil: 'timestamptz' } as const
const ours = ({ webhookId, family, claimedUntil }: DeliveryCursor) => ({ webhookId, family, claimedUntil })

/** Marks the event delivered. Returns the cursor with its claim renewed; null if nothing is pending or the claim is lost. */
export async function advance(pg: Pg, cursor: DeliveryCursor, event: StoredEvent): Promise<DeliveryCursor | null> {
  return (await ADVANCE.get(pg, { ...ours(cursor), eventId: event.id, claimS: CLAIM_S })) ?? null
}

const ADVANCE = statement({
  name: 'advance-cursor',
  isPrepared: true,
  text: `with moved as (
           update webhook_line set after_event_id = greatest(after_event_id, :eventId), waiting = waiting - 1, attempts = 0,
             next_attempt_at = now(), claimed_until = case when waiting > 1 then now() + make_interval(secs => :claimS) end
           where ${IS_OURS} returning *
         ), replayed as (
           delete from dead_letter where event_id = :eventId and webhook_id in (select webhook_id from moved)
         ), well as (
           update webhook set failing_since = null, error = null
           where id in (select webhook_id from moved) and failing_since is not null
         )
         select webhook_id as "webhookId", family, waiting, attempts, claimed_until as "claimedUntil" from moved
         where claimed_until is not null`,
  parameters: { ...OURS, eventId: 'int8', claimS: 'float8' },
  columns: CURSOR,
})

/** Ends the claim, so that any process may deliver the cursor's next event; has no effect if another process has claimed it meanwhile. */
export async function release(pg: Pg, cursor: DeliveryCursor): Promise<void> {
  await execute(pg, whereOurs(cursor).set({ claimed_until: null }))
}

/** The events that were pending at the claim have been pruned, after a month: only those recorded since are counted. */
export async function settle(pg: Pg, cursor: DeliveryCursor): Promise<void> {
  const waiting = sql<number>`waiting - ${cursor.waiting}`
  await execute(pg, whereOurs(cursor).set({ claimed_until: null, waiting }))
}

const whereOurs = ({ webhookId, family, claimedUntil }: DeliveryCursor) =>
  query
    .updateTable('webhook_line')
    .where('webhook_id', '=', webhookId)
    .where('family', '=', family)
    .where('claimed_until', '=', claimedUntil)

/**
 * Records a failed attempt. It is retried with exponential backoff; after the last attempt the event is a dead letter and the next one is
 * delivered: a receiver that cannot process one event must not lose all later ones of the family. A 410 disables the webhook, as in
 * Standard Webhooks, and so do seven days without any delivery.
 */
export async function fail(
  pg: Pg,
  cursor: DeliveryCursor,
  { event, failure }: { event: StoredEvent; failure: NonNullable<DeliveryFailure> },
): Promise<void> {
  const { firstS, factor, maxS, jitter } = BACKOFF
  const delayS = Math.min(maxS, firstS * factor ** cursor.attempts) * (1 + jitter * (2 * Math.random() - 1))
  const isLast = cursor.attempts + 1 >= ATTEMPTS_MAX
  const outcome = { ...ours(cursor), error: failure.error, status: failure.status, giveUpDays: GIVE_UP_DAYS }
  if (isLast) await DEAD_LETTER.run(pg, { ...outcome, eventId: event.id })
  else await POSTPONE.run(pg, { ...outcome, pauseS: Math.max(delayS, Math.min(maxS, failure.retryAfterS)) })
}

const MARK_FAILING = `
  update webhook set failing_since = coalesce(failing_since, now()), error = :error,
    disabled_at = case when :status::int = 410 or failing_since < now() - make_interval(days => :giveUpDays) then now() else disabled_at end
  where id in (select webhook_id from moved)`
const TOLD = { ...OURS, error: 'text', status: 'int4?', giveUpDays: 'int4' } as const

const POSTPONE = statement({
  name: 'postpone-event',
  text: `
    with moved as (
      update webhook_line set attempts = attempts + 1, claimed_until = null, next_attempt_at = now() + make_interval(secs => :pauseS)
      where ${IS_OURS} returning webhook_id
    )
    ${MARK_FAILING}`,
  parameters: { ...TOLD, pauseS: 'float8' },
})

const DEAD_LETTER = statement({
  name: 'bury-event',
  text: `
    with moved as (
      update webhook_line set after_event_id = greatest(after_event_id, :eventId), waiting = waiting - 1, attempts = 0,
        next_attempt_at = now(), claimed_until = null
      where ${IS_OURS} returning webhook_id
    ), buried as (
      insert into dead_letter as d (webhook_id, event_id, family, attempts, status, error)
      select webhook_id, :eventId, :family, ${ATTEMPTS_MAX}, :status, :error from moved
      on conflict (webhook_id, event_id) do update set replaying = false, created_at = now(),
        attempts = d.attempts + excluded.attempts, status = excluded.status, error = excluded.error
    )
    ${MARK_FAILING}`,
  parameters: { ...TOLD, eventId: 'int8' },
})
