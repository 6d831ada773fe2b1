import { setTimeout as delay } from 'node:timers/promises'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { countChanges, oldestChangeMs } from './count.ts'

/** Items counted in one transaction: about a fifth of a second. */
const ITEMS_PER_BATCH = 20_000
/** How soon a worker notices that sets are due; a set that changes all the time is counted once per interval, by all workers together. */
const COUNT_EVERY_MS = 1000
/** While viewers wait, a worker rests fifty times as long as it counted, but only until a change has waited this long. */
const [REST, WAIT_MAX_MS] = [50, 10_000]

const BATCH = { itemsMax: ITEMS_PER_BATCH, minAgeMs: COUNT_EVERY_MS, atLeastOne: true }

/**
 * Counts changes within two seconds, in a set of more than 10,000 items a little later, until closed. While viewers of this machine wait for
 * pictures it rests in between, and is up to ten seconds late. Any number of processes may run it.
 */
export function runCoverageLoop(pg: Pg, viewers: { areWaiting(): boolean }): { close: () => Promise<void> } {
  const closing = new AbortController()

  /** Returns how long to rest. */
  async function countOnce(): Promise<number> {
    const from = performance.now()
    const counted = await countChanges(pg, WHOLE_CATALOGUE, BATCH)
    const tookMs = performance.now() - from
    if (counted === 0) return COUNT_EVERY_MS
    return viewers.areWaiting() ? restAfter({ tookMs, oldestMs: await oldestChangeMs(pg) }) : 0
  }

  const counting = (async () => {
    while (!closing.signal.aborted) {
      const ms = await countOnce().catch((error) => {
        logFailure('coverage cannot be counted', error)
        return COUNT_EVERY_MS
      })
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
 * How long to rest while viewers wait, in ms.
 * @param last.oldestMs how long the oldest change that is left has waited
 */
export const restAfter = (last: { tookMs: number; oldestMs: number }): number =>
  Math.max(0, Math.min(REST * last.tookMs, WAIT_MAX_MS - last.oldestMs))
