import { causes, log } from '../core/log.ts'
import type { Pg } from '../db/database.ts'

/** Lower than a backfill's: the page that asked for one picture of an item will ask for the others. */
const PRIORITY = 10
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
      const payload = JSON.stringify({ itemIds: itemIds.slice(from, from + ITEMS_PER_JOB) })
      await pg
        .query(ADD_JOB, [payload, PRIORITY, JOBS_MAX])
        .catch((error) => log.warn('the other presets could not be queued', { cause: causes(error) }))
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

const ADD_JOB = `
  select graphile_worker.add_job('make_rest', payload => $1::json, priority => $2)
  where exists (select from worker where seen_at > now() - interval '30 seconds')
    and (select count(*) from (select from graphile_worker.jobs limit $3) as jobs) < $3`
