import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Counts the pictures that the origin handler delivers, for the doctor; redirects and errors are not counted. */
export interface DeliveryCounts {
  /** Counts in memory: a request writes nothing to the database. */
  count(kind: 'stored' | 'made'): void
  flush(): Promise<void>
  close(): Promise<void>
}

const FLUSH_EVERY_MS = 10_000

export function openDeliveryCounts(pg: Pg): DeliveryCounts {
  let counts = { stored: 0, made: 0 }

  async function flush(): Promise<void> {
    const { stored, made } = counts
    if (stored + made === 0) return
    counts = { stored: 0, made: 0 }
    try {
      await ADD.run(pg, { stored, made })
    } catch (error) {
      counts = { stored: counts.stored + stored, made: counts.made + made }
      logFailure('delivery counts cannot be written; trying again', error)
    }
  }

  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS).unref()
  return {
    count(kind) {
      counts[kind]++
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

// One row per hour for all processes; rows older than a month are deleted.
const ADD = statement({
  name: 'add-deliveries',
  text: `
    with pruned as (delete from delivery_count where hour < now() - interval '30 days')
    insert into delivery_count as c (hour, stored, made) values (date_trunc('hour', now()), :stored, :made)
    on conflict (hour) do update set stored = c.stored + excluded.stored, made = c.made + excluded.made`,
  parameters: { stored: 'int8', made: 'int8' },
})

/** The totals of the last 24 hours, over all processes. */
export async function readDeliveries(pg: Pg): Promise<{ stored: number; made: number }> {
  const sums = await READ_DELIVERIES.get(pg)
  return { stored: Number(sums?.stored), made: Number(sums?.made) }
}

const READ_DELIVERIES = statement({
  name: 'read-deliveries',
  text: `select coalesce(sum(stored), 0) as stored, coalesce(sum(made), 0) as made
         from delivery_count where hour > now() - interval '24 hours'`,
  columns: { stored: 'numeric', made: 'numeric' },
})
