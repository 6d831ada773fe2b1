import { once } from 'node:events'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { finished } from 'node:stream/promises'
import { Webhook } from 'standardwebhooks'
import { causes } from '../core/log.ts'
import { checkReceiverUrl, guardedLookup } from './receiver-url.ts'

/** From DNS resolution to the end of the response. */
const POST_LIMIT_MS = 10_000
/** A response's body is ignored, but read up to this length, so that the connection can be reused. */
const BODY_MAX_BYTES = 16_384
/** Connections to one receiver; further deliveries wait for a free one. */
const SOCKETS_MAX = 16
const AGENT = { keepAlive: true, maxSockets: SOCKETS_MAX, maxFreeSockets: 4 } as const
const openAgents = () => ({ http: new HttpAgent(AGENT), https: new HttpsAgent(AGENT) })
/** Kept connections are not checked again: a vendor's webhook must not reuse one that the operator's may have. */
const agents = { operator: openAgents(), vendor: openAgents() }

/**
 * What a webhook's owner learns if there is no response: the same for a name that does not resolve, a forbidden address, a closed port,
 * another protocol and silence, so that nobody can explore a network with it. The log has the cause.
 */
export const UNREACHABLE =
  'No response: check that the URL leads to a public address or a host in WEBHOOK_PRIVATE_HOSTS, that its certificate is valid, and that it answers within 10 s.'

export interface StoredEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly createdAt: Date
}

/** Why a delivery failed; null if it succeeded. */
export type DeliveryFailure = {
  /** The response's status; null without a response. */
  readonly status: number | null
  readonly error: string
  /** The receiver's Retry-After. */
  readonly retryAfterS: number
  /** For the log alone. */
  readonly cause?: string
} | null

/** The id by which receivers deduplicate. It includes the time, because numbers are reused after a restore from a backup. */
export const eventIdOf = ({ id, createdAt }: Pick<StoredEvent, 'id' | 'createdAt'>): string =>
  `evt_${id}_${createdAt.getTime()}`

/** The body that is sent: the same bytes at each attempt. */
export const bodyOf = (event: StoredEvent): string =>
  JSON.stringify({ id: eventIdOf(event), type: event.type, createdAt: event.createdAt, data: event.data })

/**
 * The headers of Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks. With two secrets the signature header has
 * two signatures, of which a receiver needs one.
 */
export function signedHeaders(
  body: string,
  { id, secrets, at }: { id: string; secrets: readonly string[]; at: Date },
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000)
  const signature = secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' ')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
}

export interface Target {
  readonly url: string
  readonly secrets: readonly string[]
  /** Null for a vendor's webhook. */
  readonly privateHosts: readonly string[] | null
  readonly signal: AbortSignal
  readonly limitMs?: number
}

/**
 * Sends one event. A 2xx response within the limit is a success, everything else a failure; redirects are not followed. Without a
 * response, a vendor's webhook fails when the limit is over, however soon that was clear: the time would tell closed ports from others.
 * Never throws.
 */
export async function postEvent(event: StoredEvent, to: Target): Promise<DeliveryFailure> {
  const { limitMs = POST_LIMIT_MS } = to
  const limit = AbortSignal.timeout(limitMs)
  try {
    const url = checkReceiverUrl(to.url, to.privateHosts)
    const body = bodyOf(event)
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'afterimage',
      ...signedHeaders(body, { id: eventIdOf(event), secrets: to.secrets, at: new Date() }),
    }
    const lookup = guardedLookup(url, to.privateHosts)
    const own = to.privateHosts ? agents.operator : agents.vendor
    const signal = AbortSignal.any([to.signal, limit])
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method: 'POST', headers, lookup, signal }
      const request =
        url.protocol === 'https:'
          ? requestHttps(url, { ...options, agent: own.https })
          : requestHttp(url, { ...options, agent: own.http })
      request.once('response', resolve).on('error', reject).end(body)
    })
    await discard(response)
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return null
    const isRedirect = status >= 300 && status < 400
    return {
      status,
      error: `It answered ${status}${isRedirect ? '; redirects are not followed' : ''}.`,
      retryAfterS: Number(/^\d{1,9}$/.exec(response.headers['retry-after'] ?? '')?.[0] ?? 0),
    }
  } catch (error) {
    const cause = limit.aborted ? `no response within ${limitMs / 1000} s` : causes(error)
    if (!to.privateHosts && !limit.aborted && !to.signal.aborted)
      await once(AbortSignal.any([limit, to.signal]), 'abort')
    return { status: null, error: UNREACHABLE, retryAfterS: 0, cause }
  }
}

/** Once the status has arrived it counts, even if reading the body fails. */
async function discard(response: IncomingMessage): Promise<void> {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > BODY_MAX_BYTES) response.destroy()
  })
  await finished(response).catch(() => {})
}
