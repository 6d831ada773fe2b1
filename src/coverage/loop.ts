import { setTimeout as delay } from 'node:timers/promises'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { countChanges } from './count.ts'

/** Items counted in one transaction: about a fifth of a second. */
const ITEMS_PER_BATCH = 20_000
/** How soon a worker notices that sets are due; a set that changes all the time is counted once per interval, by all workers together. */
const COUNT_EVERY_MS = 1000
/** While viewers wait, a worker rests fifty times as long as it counted, but in all no longer than this before it has caught up. */
const [REST, REST_MAX_MS] = [50, 10_000]

const BATCH = { itemsMax: ITEMS_PER_BATCH, minAgeMs: COUNT_EVERY_MS, atLeastOne: true }

/**
 * Counts changes within two seconds, in a set of more than 10,000 items a little later, until closed. While viewers of this machine wait for
 * pictures it rests in between, and is up to ten seconds late. Any number of processes may run it.
 */
export function runCoverageLoop(pg: Pg, viewers: { areWaiting(): boolean }): { close: () => Promise<void> } {
  const closing = new AbortController()
  const counting = (async () => {
    let caughtUpAt = performance.now()
    while (!closing.signal.aborted) {
      const from = performance.now()
      const counted = await countChanges(pg, WHOLE_CATALOGUE, BATCH).catch((error) => {
        logFailure('coverage cannot be counted', error)
        return 0
      })
      const now = performance.now()
      if (counted === 0) caughtUpAt = now
      const behindMs = now - caughtUpAt
      const ms = restAfter({ counted, tookMs: now - from, behindMs, areViewersWaiting: viewers.areWaiting() })
      if (ms > 0) await delay(ms, undefined, { signal: closing.signal }).catch(() => {})
    }
  })()
  return {
    close: async () => {
      closing.abort()
      await counting
    },
  }
}

/**
 * How long the loop rests after a batch, in ms: not at all if more sets may be due and nobody waits for anything else.
 * @param last.behindMs since when sets have been due
 */
export function restAfter(last: {
  counted: number
  tookMs: number
  behindMs: number
  areViewersWaiting: boolean
}): number {
  if (last.counted === 0) return COUNT_EVERY_MS
  return last.areViewersWaiting ? Math.max(0, Math.min(REST * last.tookMs, REST_MAX_MS - last.behindMs)) : 0
}
