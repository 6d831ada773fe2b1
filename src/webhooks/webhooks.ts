import { randomBytes } from 'node:crypto'
import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { nameTarget } from '../db/change.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { execute, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { EVENT_TYPES, type EventType } from './event-types.ts'
import { checkReceiverHost, checkReceiverUrl } from './receiver-url.ts'

const WEBHOOKS_MAX = 20
/** Standard Webhooks requires 24 to 64. */
const SECRET_BYTES = 32

interface App {
  readonly pg: Pg
  readonly config: { readonly webhookPrivateHosts: readonly string[] }
  /** For tests: name servers instead of the system's. */
  readonly nameServers?: readonly string[] | undefined
}

/**
 * Creates a webhook that receives future events of these types. Returns its secret, which is only shown here. Throws BAD_INPUT for a
 * forbidden URL or one that leads to a forbidden address, for an unknown type, and if there are WEBHOOKS_MAX of the vendor, or of the operator, already.
 * @param input.vendor username of the vendor whose events alone it receives, at a public address; null: all events
 */
export async function createWebhook(
  { pg, config, nameServers }: App,
  { url, types, vendor }: { url: string; types: readonly string[]; vendor: string | null },
): Promise<{ id: number; secret: string }> {
  const privateHosts = vendor === null ? config.webhookPrivateHosts : null
  const receiver = checkReceiverUrl(url, privateHosts)
  if (types.length === 0 || types.length > EVENT_TYPES.length)
    throw new AppError('BAD_INPUT', `types has ${types.length} entries; 1 to ${EVENT_TYPES.length} are allowed.`)
  const unknown = types.find((type) => !EVENT_TYPES.includes(type as EventType))
  if (unknown !== undefined)
    throw new AppError(
      'BAD_INPUT',
      `${JSON.stringify(unknown.slice(0, 100))} is not an event type; the types are ${EVENT_TYPES.join(', ')}.`,
    )
  await checkReceiverHost(receiver, privateHosts, nameServers)
  const secret = newSecret()
  const id = await inTransaction(pg, async (client) => {
    const added = await ADD_WEBHOOK.get(client, { url: receiver.href, secret, types, vendor, max: WEBHOOKS_MAX })
    if (!added)
      throw new AppError('BAD_INPUT', `There are ${WEBHOOKS_MAX} webhooks, which is the maximum: delete one first.`)
    nameTarget(printGlobalId('Webhook', added.id))
    return added.id
  })
  return { id, secret }
}

const ADD_WEBHOOK = statement({
  name: 'add-webhook',
  text: `
    insert into webhook (url, secret, types, vendor)
    select :url, :secret, array(select distinct unnest(:types::text[]) order by 1), :vendor
    where (select count(*) from webhook where vendor is not distinct from :vendor) < :max
    returning id`,
  parameters: { url: 'text', secret: 'text', types: 'text[]', vendor: 'text?', max: 'int8' },
  columns: { id: 'int4' },
})

const newSecret = () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/** For how long the previous secret signs too, and the longest that it may. */
export const OVERLAP_HOURS = { default: 24, max: 168 } as const

/**
 * Gives a webhook another secret, and returns it; it is only shown here. For some hours deliveries are signed with the previous one too,
 * so that a receiver which checks either works throughout. One that was still signing from an earlier rotation ends now. Throws
 * NOT_FOUND, and BAD_INPUT for the hours.
 * @param options.overlapHours 0: the previous one ends now, because others may know it
 */
export async function rotateWebhookSecret(
  { pg }: { pg: Pg },
  { id, overlapHours }: { id: number; overlapHours: number },
): Promise<{ id: number; secret: string }> {
  if (overlapHours < 0 || overlapHours > OVERLAP_HOURS.max)
    throw new AppError('BAD_INPUT', `overlapHours is ${overlapHours}; it is 0 to ${OVERLAP_HOURS.max}.`)
  const secret = newSecret()
  await inTransaction(pg, async (client) => {
    if ((await ROTATE_SECRET.run(client, { id, secret, overlapHours })) === 0) throw missing(id)
  })
  return { id, secret }
}

const ROTATE_SECRET = statement({
  name: 'rotate-webhook-secret',
  text: `
    update webhook set secret = :secret,
      previous_secret = case when :overlapHours::int > 0 then secret end,
      previous_secret_until = case when :overlapHours > 0 then now() + make_interval(hours => :overlapHours) end
    where id = :id`,
  parameters: { id: 'int4', secret: 'text', overlapHours: 'int4' },
})

/** Deletes a webhook with its pending events and dead letters. Throws NOT_FOUND. */
export async function deleteWebhook({ pg }: { pg: Pg }, id: number): Promise<void> {
  await inTransaction(pg, async (client) => {
    // Cursors first: the sender locks in that order. Anything recorded meanwhile is pruned.
    await execute(client, query.deleteFrom('webhook_line').where('webhook_id', '=', id))
    if ((await execute(client, query.deleteFrom('webhook').where('id', '=', id))) === 0) throw missing(id)
  })
}

/** Resumes a disabled webhook with its pending events; it never receives events recorded while it was disabled. Throws NOT_FOUND. */
export async function enableWebhook({ pg }: { pg: Pg }, id: number): Promise<void> {
  const well = { disabled_at: null, failing_since: null, error: null }
  await inTransaction(pg, async (client) => {
    if ((await execute(client, query.updateTable('webhook').set(well).where('id', '=', id))) === 0) throw missing(id)
  })
}

/**
 * Queues dead letters of a webhook, one or all, for delivery again: each is sent now, before later events of its family, with a full set
 * of attempts. Returns how many; one that is queued already is not counted. Throws NOT_FOUND, and BAD_INPUT if the webhook is disabled.
 */
export async function replay(
  { pg }: { pg: Pg },
  which: { webhookId: number } | { deadLetterId: number },
): Promise<number> {
  const [{ find, put }, id] =
    'webhookId' in which ? [REPLAY.webhook, which.webhookId] : [REPLAY.letter, which.deadLetterId]
  const webhook = await find.get(pg, { id })
  if (!webhook) throw 'webhookId' in which ? missing(id) : new AppError('NOT_FOUND', `There is no dead letter ${id}.`)
  if (webhook.disabled)
    throw new AppError('BAD_INPUT', `Webhook ${webhook.id} is disabled: enable it, then replay what it missed.`)
  return await inTransaction(pg, async (client) => (await put.get(client, { id }))?.count ?? 0)
}

const replayOf = (name: string, condition: string) => ({
  find: statement({
    name: `find-webhook-${name}`,
    text: `
      select distinct w.id, w.disabled_at is not null as disabled
      from webhook w left join dead_letter d on d.webhook_id = w.id where ${condition}`,
    parameters: { id: 'int4' },
    columns: { id: 'int4', disabled: 'bool' },
  }),
  put: statement({
    name: `replay-${name}`,
    text: `
      with letters as (
        update dead_letter d set replaying = true from webhook w
        where w.id = d.webhook_id and not d.replaying and ${condition} returning d.webhook_id, d.family
      ), pending as (
        update webhook_line l set waiting = l.waiting + put.count, attempts = 0, next_attempt_at = now()
        from (select webhook_id, family, count(*)::int as count from letters group by 1, 2) as put
        where l.webhook_id = put.webhook_id and l.family = put.family
      )
      select count(*)::int as count from letters`,
    parameters: { id: 'int4' },
    columns: { count: 'int4' },
  }),
})

const REPLAY = {
  webhook: replayOf('of-webhook', 'w.id = :id'),
  letter: replayOf('of-dead-letter', 'd.id = :id'),
}

const missing = (id: number) => new AppError('NOT_FOUND', `There is no webhook ${id}.`)
