import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { finished } from 'node:stream/promises'
import { Webhook } from 'standardwebhooks'
import { causes } from '../core/log.ts'
import { checkReceiverUrl, guardedLookup } from './receiver-url.ts'

/** From the look-up of the name to the end of the answer. */
export const POST_LIMIT_MS = 10_000
/** An answer's body tells nothing; up to this length it is read, so that the connection can be used again. */
const BODY_MAX_BYTES = 16_384
/** Connections to one receiver: more lines than that wait for one. */
const SOCKETS_MAX = 16
const AGENT = { keepAlive: true, maxSockets: SOCKETS_MAX, maxFreeSockets: 4 } as const
const agents = { http: new HttpAgent(AGENT), https: new HttpsAgent(AGENT) }

export interface StoredEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly createdAt: Date
}

/** Null where it was delivered, and why not where it was not. */
export type Refusal = {
  /** Of the answer; null where none came. */
  readonly status: number | null
  readonly error: string
  /** What the receiver asked for in Retry-After. */
  readonly retryAfterS: number
} | null

/** What a receiver knows an event by. With its time: after a restore from a backup a number comes again. */
export const eventIdOf = ({ id, createdAt }: Pick<StoredEvent, 'id' | 'createdAt'>): string =>
  `evt_${id}_${createdAt.getTime()}`

/** The body that is sent: the same bytes at each attempt. */
export const bodyOf = (event: StoredEvent): string =>
  JSON.stringify({ id: eventIdOf(event), type: event.type, createdAt: event.createdAt, data: event.data })

/** The headers of Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks. */
export function signedHeaders(
  body: string,
  { id, secret, at }: { id: string; secret: string; at: Date },
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000)
  const signature = new Webhook(secret).sign(id, at, body)
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
}

/** Sends one event. A 2xx answer within the limit is a delivery, all else is none; a redirect is not followed. Never throws. */
export async function postEvent(
  event: StoredEvent,
  to: { url: string; secret: string; privateHosts: readonly string[]; signal: AbortSignal },
): Promise<Refusal> {
  const limit = AbortSignal.timeout(POST_LIMIT_MS)
  try {
    const url = checkReceiverUrl(to.url, to.privateHosts)
    const body = bodyOf(event)
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'afterimage',
      ...signedHeaders(body, { id: eventIdOf(event), secret: to.secret, at: new Date() }),
    }
    const lookup = guardedLookup(url, to.privateHosts)
    const signal = AbortSignal.any([to.signal, limit])
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method: 'POST', headers, lookup, signal }
      const request =
        url.protocol === 'https:'
          ? requestHttps(url, { ...options, agent: agents.https })
          : requestHttp(url, { ...options, agent: agents.http })
      request.once('response', resolve).on('error', reject).end(body)
    })
    await discard(answer)
    const status = answer.statusCode ?? 0
    if (status >= 200 && status < 300) return null
    const isRedirect = status >= 300 && status < 400
    return {
      status,
      error: `It answered ${status}${isRedirect ? '; redirects are not followed' : ''}.`,
      retryAfterS: Number(/^\d{1,9}$/.exec(answer.headers['retry-after'] ?? '')?.[0] ?? 0),
    }
  } catch (error) {
    const why = limit.aborted ? `No answer within ${POST_LIMIT_MS / 1000} s.` : causes(error)
    return { status: null, error: why, retryAfterS: 0 }
  }
}

/** The status has come and counts, whatever becomes of the body. */
async function discard(answer: IncomingMessage): Promise<void> {
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > BODY_MAX_BYTES) answer.destroy()
  })
  await finished(answer).catch(() => {})
}
