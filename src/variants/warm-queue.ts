import { sql } from 'kysely'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { execute, query } from '../db/query.ts'
import { countJobs, enqueue } from '../jobs/enqueue.ts'

/** A page asks for dozens of items at once: one job for all of them. */
const COLLECT_MS = 200
const ITEMS_PER_JOB = 100
/** With more jobs than this in the queue, later requests make their pictures themselves. */
const JOBS_MAX = 500

export interface WarmQueue {
  /** Adds an item whose first picture a request has made. Never throws and does not block. */
  add(itemId: number): void
  /** Queues what was added. */
  close(): Promise<void>
}

/** Queues jobs for the other presets of requested items, ahead of any backfill; none when no worker is alive. */
export function openWarmQueue(pg: Pg): WarmQueue {
  const pending = new Set<number>()
  let timer: NodeJS.Timeout | null = null
  let flushing = Promise.resolve()

  async function flush(): Promise<void> {
    timer = null
    const itemIds = [...pending]
    pending.clear()
    for (let from = 0; from < itemIds.length; from += ITEMS_PER_JOB) {
      await queue(pg, itemIds.slice(from, from + ITEMS_PER_JOB)).catch((error) =>
        logFailure('the other presets could not be queued', error),
      )
    }
  }

  return {
    add(itemId) {
      pending.add(itemId)
      timer ??= setTimeout(() => {
        flushing = flush()
      }, COLLECT_MS)
    },
    async close() {
      if (timer) {
        clearTimeout(timer)
        flushing = flush()
      }
      await flushing
    },
  }
}

async function queue(pg: Pg, itemIds: number[]): Promise<void> {
  const live = query.selectFrom('worker').select('id').where('seen_at', '>', sql<Date>`now() - interval '30 seconds'`)
  if ((await execute(pg, live.limit(1))) === 0) return
  if ((await countJobs(pg, null, JOBS_MAX)) < JOBS_MAX) await enqueue(pg, 'make_rest', { itemIds })
}
