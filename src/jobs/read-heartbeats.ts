import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { LIVE_WORKERS } from './workers.ts'

/** How many worker processes are alive, and the age in s of the oldest heartbeat of a registered one; 0 if none is registered. */
export async function readHeartbeats(pg: Pg): Promise<{ live: number; oldestS: number }> {
  return (await READ_HEARTBEATS.get(pg)) ?? { live: 0, oldestS: 0 }
}

const READ_HEARTBEATS = statement({
  name: 'read-heartbeats',
  text: `
    select ${LIVE_WORKERS} as live,
      (select coalesce(extract(epoch from now() - min(seen_at)), 0)::float8 from worker) as "oldestS"`,
  columns: { live: 'int4', oldestS: 'float8' },
})
