import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { log } from '../core/log.ts'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { webhookDeliveries, webhookSeconds } from '../telemetry/metrics.ts'
import {
  advance,
  claimCursors,
  type DeliveryCursor,
  fail,
  findDueReceivers,
  findNext,
  type Receiver,
  release,
  settle,
} from './cursors.ts'
import { postEvent } from './post-event.ts'

/** Concurrent deliveries of one process to one webhook, so that a slow receiver delays no other webhook. */
const DELIVERIES_AT_ONCE = 8
/** Events of one family before another family of the webhook is served. */
const EVENTS_PER_CLAIM = 50
/** Vendors choose the addresses: they must not fill the log. */
const REPORT_EVERY_MS = 3_600_000
/** How long deliveries in progress may take when the process stops; then they are aborted, and another process retries them. */
const SHUTDOWN_MS = 2000

export interface Sender {
  close(): Promise<void>
}

/**
 * Delivers events to webhooks until it is closed: at least once, in order within a family, families in parallel. Any number of processes
 * may run it; each delivery cursor is claimed by one at a time. Only one event of each is in memory.
 * @param options.pollEveryMs how often it polls for new events
 */
export function openSender(
  app: { readonly pg: Pg; readonly config: { readonly webhookPrivateHosts: readonly string[] } },
  { pollEveryMs = 1000 }: { pollEveryMs?: number } = {},
): Sender {
  const { pg } = app
  const privateHosts = app.config.webhookPrivateHosts
  const closing = new AbortController()
  const aborting = new AbortController()
  const reported = new LRUCache<number, true>({ max: 1000, ttl: REPORT_EVERY_MS })
  const sending = new Map<number, Set<Promise<void>>>()
  let wake = Promise.withResolvers<void>()

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      wake = Promise.withResolvers()
      try {
        for (const receiver of await findDueReceivers(pg)) await fill(receiver)
      } catch (error) {
        logFailure('webhook events could not be read; trying again', error)
      }
      const polling = new AbortController()
      await Promise.race([wake.promise, delay(pollEveryMs, undefined, { signal: polling.signal }).catch(() => {})])
      polling.abort()
    }
  }

  /** Claims as many cursors as there is capacity for. */
  async function fill(receiver: Receiver): Promise<void> {
    const mine = sending.get(receiver.id) ?? new Set()
    sending.set(receiver.id, mine)
    const capacity = DELIVERIES_AT_ONCE - mine.size
    if (capacity === 0) return
    for (const cursor of await claimCursors(pg, receiver.id, capacity)) {
      const sent = send(receiver, cursor)
        .catch((error) =>
          logFailure('a webhook delivery was interrupted; trying again', error, { webhook: receiver.id }),
        )
        .finally(() => {
          mine.delete(sent)
          wake.resolve()
        })
      mine.add(sent)
    }
  }

  async function send(receiver: Receiver, claimed: DeliveryCursor): Promise<void> {
    let cursor: DeliveryCursor | null = claimed
    for (let count = 0; cursor && count < EVENTS_PER_CLAIM && !closing.signal.aborted; count++) {
      const event = await findNext(pg, cursor)
      if (!event) return await settle(pg, cursor)
      // A vendor must not reach the operator's network through this service.
      const hosts = receiver.vendor === null ? privateHosts : null
      const from = performance.now()
      const failure = await postEvent(event, { ...receiver, privateHosts: hosts, signal: aborting.signal })
      webhookSeconds.observe({}, (performance.now() - from) / 1000)
      webhookDeliveries.inc({ result: failure ? 'failed' : 'ok' })
      if (failure && aborting.signal.aborted) break
      if (failure?.cause) report(receiver.id, failure.cause)
      if (failure) return await fail(pg, cursor, { event, failure })
      cursor = await advance(pg, cursor, event)
    }
    if (cursor) await release(pg, cursor)
  }

  function report(webhook: number, cause: string): void {
    if (reported.has(webhook)) return
    reported.set(webhook, true)
    log.warn('a webhook gave no response; further failures of it are not logged for an hour', { webhook, cause })
  }

  const ended = loop()
  return {
    async close() {
      closing.abort()
      wake.resolve()
      const timer = setTimeout(() => aborting.abort(), SHUTDOWN_MS)
      await ended
      await Promise.all([...sending.values()].flatMap((deliveries) => [...deliveries]))
      clearTimeout(timer)
    },
  }
}
