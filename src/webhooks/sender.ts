import { setTimeout as delay } from 'node:timers/promises'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import {
  advance,
  claimLines,
  type DeliveryCursor,
  fail,
  findDueReceivers,
  findNext,
  type Receiver,
  release,
  settle,
} from './lines.ts'
import { postEvent } from './post-event.ts'

/** Lines of one webhook that this process sends from at once: what a slow receiver holds, and no other webhook. */
const LINES_AT_ONCE = 8
/** Then another line of the webhook has its turn. */
const EVENTS_IN_A_ROW = 50
/** A post in progress gets so long when the process stops; then it is cut, and sent again by another. */
const FINISH_MS = 2000

export interface Sender {
  close(): Promise<void>
}

/**
 * Sends events to webhooks until it is closed: at least once, in the order of each family, families beside each other.
 * Any number of processes may; a line is sent from by one at a time. One event of each line is in memory, no more.
 * @param options.lookEveryMs how often it looks for new events
 */
export function openSender(
  app: { readonly pg: Pg; readonly config: { readonly webhookPrivateHosts: readonly string[] } },
  { lookEveryMs = 1000 }: { lookEveryMs?: number } = {},
): Sender {
  const { pg } = app
  const privateHosts = app.config.webhookPrivateHosts
  const closing = new AbortController()
  const cutting = new AbortController()
  const sending = new Map<number, Set<Promise<void>>>()
  let wake = Promise.withResolvers<void>()

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      wake = Promise.withResolvers()
      try {
        for (const receiver of await findDueReceivers(pg)) await fill(receiver)
      } catch (error) {
        logFailure('events are sent later', error)
      }
      const look = new AbortController()
      await Promise.race([wake.promise, delay(lookEveryMs, undefined, { signal: look.signal }).catch(() => {})])
      look.abort()
    }
  }

  /** As many lines as there is room for. */
  async function fill(receiver: Receiver): Promise<void> {
    const mine = sending.get(receiver.id) ?? new Set()
    sending.set(receiver.id, mine)
    const room = LINES_AT_ONCE - mine.size
    if (room === 0) return
    for (const line of await claimLines(pg, receiver.id, room)) {
      const sent = send(receiver, line)
        .catch((error) => logFailure('a line is sent from later', error, { webhook: receiver.id }))
        .finally(() => {
          mine.delete(sent)
          wake.resolve()
        })
      mine.add(sent)
    }
  }

  async function send(receiver: Receiver, claimed: DeliveryCursor): Promise<void> {
    let line: DeliveryCursor | null = claimed
    for (let count = 0; line && count < EVENTS_IN_A_ROW && !closing.signal.aborted; count++) {
      const event = await findNext(pg, line)
      if (!event) return await settle(pg, line)
      const refusal = await postEvent(event, { ...receiver, privateHosts, signal: cutting.signal })
      if (refusal && cutting.signal.aborted) break
      if (refusal) return await fail(pg, line, { event, refusal })
      line = await advance(pg, line, event)
    }
    if (line) await release(pg, line)
  }

  const ended = loop()
  return {
    async close() {
      closing.abort()
      wake.resolve()
      const cut = setTimeout(() => cutting.abort(), FINISH_MS)
      await ended
      await Promise.all([...sending.values()].flatMap((lines) => [...lines]))
      clearTimeout(cut)
    },
  }
}
