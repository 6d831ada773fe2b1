import type { Pg } from '../db/database.ts'
import { type RenderedItem, recordResults } from './record.ts'

/** While others are being made: the pictures of a page are recorded together. */
const COLLECT_MS = 200

export interface RecordQueue {
  /** Records it soon, or at once with everything that waits. Resolves when it is recorded. */
  add(item: RenderedItem, when: 'soon' | 'now'): Promise<void>
  /** Records everything that waits. */
  close(): Promise<void>
}

/**
 * Records the pictures that requests have made, many in one statement. A picture that a crash keeps from being recorded is stored whole,
 * and is made again, with the same bytes, when it is requested.
 */
export function openRecordQueue(pg: Pg): RecordQueue {
  let waiting: { item: RenderedItem; recorded: PromiseWithResolvers<void> }[] = []
  let timer: NodeJS.Timeout | null = null
  let recording = Promise.resolve()

  async function recordAll(): Promise<void> {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    try {
      await recordResults(pg, { made: batch.map(({ item }) => item) })
      for (const { recorded } of batch) recorded.resolve()
    } catch (error) {
      for (const { recorded } of batch) recorded.reject(error)
    }
  }

  /** Runs after the previous one, so that closing waits for both. */
  function recordNext(): Promise<void> {
    if (timer) clearTimeout(timer)
    timer = null
    recording = recording.then(recordAll)
    return recording
  }

  return {
    add(item, when) {
      const recorded = Promise.withResolvers<void>()
      waiting.push({ item, recorded })
      if (when === 'now') void recordNext()
      else timer ??= setTimeout(() => void recordNext(), COLLECT_MS)
      return recorded.promise
    },
    close: recordNext,
  }
}
