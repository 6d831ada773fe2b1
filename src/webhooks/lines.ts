import type { Pg } from '../db/database.ts'
import type { Refusal, StoredEvent } from './post-event.ts'

/** Attempts of an event before it is a dead letter: some 11 hours. */
export const ATTEMPTS_MAX = 8
/** 5 s, 25 s, 2 min, 10 min, 52 min, 4 h, 6 h; each up to a fifth more or less, so that lines do not come back in step. */
const BACKOFF = { firstS: 5, factor: 5, maxS: 6 * 3600, jitter: 0.2 } as const
/** Longer than an attempt can last. */
const CLAIM_S = 30
/** A webhook that took nothing for so long is disabled: its events would pile up for ever. */
const GIVE_UP_DAYS = 7

/** Who is sent to. */
export interface Receiver {
  readonly id: number
  readonly url: string
  readonly secret: string
  readonly types: readonly string[]
}

/** A line that this process alone sends from, until the claim ends. */
export interface DeliveryCursor {
  readonly webhookId: number
  readonly family: string
  /** Events that waited in it when it was claimed. */
  readonly waiting: number
  readonly attempts: number
  /** The proof: whoever comes late finds another. */
  readonly claimedUntil: Date
}

const IS_DUE = `waiting > 0 and next_attempt_at <= now() and (claimed_until is null or claimed_until <= now())`

/** The webhooks that have something to be sent now. */
export async function findDueReceivers(pg: Pg): Promise<Receiver[]> {
  const { rows } = await pg.query<Receiver>({
    name: 'find-due-receivers',
    // The first one of each in the index: as `exists` it was a scan of all lines.
    text: `select id, url, secret, types from webhook w cross join lateral
             (select from webhook_line where webhook_id = w.id and ${IS_DUE} order by next_attempt_at limit 1) as due
           where disabled_at is null`,
  })
  return rows
}

/** Takes lines of a webhook that are due, the longest due first. */
export async function claimLines(pg: Pg, webhookId: number, linesMax: number): Promise<DeliveryCursor[]> {
  const { rows } = await pg.query<DeliveryCursor>({
    name: 'claim-lines',
    text: `update webhook_line l set claimed_until = now() + make_interval(secs => $3)
           from (select family from webhook_line where webhook_id = $1 and ${IS_DUE}
                 order by next_attempt_at limit $2 for update skip locked) as due
           where l.webhook_id = $1 and l.family = due.family
           returning l.webhook_id as "webhookId", l.family, l.waiting, l.attempts, l.claimed_until as "claimedUntil"`,
    values: [webhookId, linesMax, CLAIM_S],
  })
  return rows
}

/** The event at the head of a line: a replayed one before all later ones. Null when there is none. */
export async function findNext(pg: Pg, line: DeliveryCursor): Promise<StoredEvent | null> {
  const { rows } = await pg.query<StoredEvent>({
    name: 'find-next-event',
    text: `select e.id, e.type, e.data, e.created_at as "createdAt" from (
             select min(event_id) as id from dead_letter where webhook_id = $1 and family = $2 and replaying
             union all
             -- By type: a family may have thousands of events that this webhook does not want.
             select first.id from webhook_line l join webhook w on w.id = l.webhook_id
             cross join unnest(w.types) as wanted(type)
             cross join lateral (select id from event where family = $2 and type = wanted.type and id > l.after_event_id
                                 order by id limit 1) as first
             where l.webhook_id = $1 and l.family = $2
           ) as heads join event e using (id) order by id limit 1`,
    values: [line.webhookId, line.family],
  })
  return rows[0] ?? null
}

const IS_OURS = 'webhook_id = $1 and family = $2 and claimed_until = $3'
const ours = ({ webhookId, family, claimedUntil }: DeliveryCursor) => [webhookId, family, claimedUntil]

/** Marks the event delivered. Returns the line with its claim renewed; null when nothing waits in it, or it is ours no more. */
export async function advance(pg: Pg, line: DeliveryCursor, event: StoredEvent): Promise<DeliveryCursor | null> {
  const { rows } = await pg.query<DeliveryCursor>({
    name: 'advance-line',
    text: `with moved as (
             update webhook_line set after_event_id = greatest(after_event_id, $4), waiting = waiting - 1, attempts = 0,
               next_attempt_at = now(), claimed_until = case when waiting > 1 then now() + make_interval(secs => $5) end
             where ${IS_OURS} returning *
           ), replayed as (
             delete from dead_letter where event_id = $4 and webhook_id in (select webhook_id from moved)
           ), well as (
             update webhook set failing_since = null, error = null
             where id in (select webhook_id from moved) and failing_since is not null
           )
           select webhook_id as "webhookId", family, waiting, attempts, claimed_until as "claimedUntil" from moved
           where claimed_until is not null`,
    values: [...ours(line), event.id, CLAIM_S],
  })
  return rows[0] ?? null
}

/** Lets others have the line. */
export async function release(pg: Pg, line: DeliveryCursor): Promise<void> {
  await pg.query(`update webhook_line set claimed_until = null where ${IS_OURS}`, ours(line))
}

/** What waited in the line when it was claimed is gone: pruned, after a month. What came since is counted still. */
export async function settle(pg: Pg, line: DeliveryCursor): Promise<void> {
  await pg.query(`update webhook_line set claimed_until = null, waiting = waiting - $4 where ${IS_OURS}`, [
    ...ours(line),
    line.waiting,
  ])
}

/**
 * Records a failed attempt. The line waits, longer each time; after the last attempt the event is a dead letter and the line
 * goes on with the next: a receiver that cannot take one event must not lose all later ones of the family. 410 disables
 * the webhook, as Standard Webhooks has it, and so do seven days without any delivery.
 */
export async function fail(
  pg: Pg,
  line: DeliveryCursor,
  { event, refusal }: { event: StoredEvent; refusal: NonNullable<Refusal> },
): Promise<void> {
  const { firstS, factor, maxS, jitter } = BACKOFF
  const pause = Math.min(maxS, firstS * factor ** line.attempts) * (1 + jitter * (2 * Math.random() - 1))
  const isLast = line.attempts + 1 >= ATTEMPTS_MAX
  await pg.query(isLast ? BURY : POSTPONE, [
    ...ours(line),
    refusal.error,
    refusal.status,
    GIVE_UP_DAYS,
    ...(isLast ? [event.id] : [Math.max(pause, Math.min(maxS, refusal.retryAfterS))]),
  ])
}

const UNWELL = `
  update webhook set failing_since = coalesce(failing_since, now()), error = $4,
    disabled_at = case when $5::int = 410 or failing_since < now() - make_interval(days => $6) then now() else disabled_at end
  where id in (select webhook_id from moved)`

const POSTPONE = `
  with moved as (
    update webhook_line set attempts = attempts + 1, claimed_until = null, next_attempt_at = now() + make_interval(secs => $7)
    where ${IS_OURS} returning webhook_id
  )
  ${UNWELL}`

const BURY = `
  with moved as (
    update webhook_line set after_event_id = greatest(after_event_id, $7), waiting = waiting - 1, attempts = 0,
      next_attempt_at = now(), claimed_until = null
    where ${IS_OURS} returning webhook_id
  ), buried as (
    insert into dead_letter as d (webhook_id, event_id, family, attempts, status, error)
    select webhook_id, $7, $2, ${ATTEMPTS_MAX}, $5, $4 from moved
    on conflict (webhook_id, event_id) do update set replaying = false, created_at = now(),
      attempts = d.attempts + excluded.attempts, status = excluded.status, error = excluded.error
  )
  ${UNWELL}`
