import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** The jobs of one task, by state. */
export interface QueuedJobs {
  readonly task: string
  readonly ready: number
  /** For later: a delay, or the pause before a retry. */
  readonly scheduled: number
  readonly running: number
  /** All attempts have failed. */
  readonly failed: number
  /** How long the oldest ready job has been waiting, in s; 0 if there is none. */
  readonly oldestS: number
}

/** Counts the jobs of each task with jobs, in one scan of the queue. */
export async function readQueue(pg: Pg): Promise<QueuedJobs[]> {
  return await READ_QUEUE.all(pg)
}

const READ_QUEUE = statement({
  name: 'read-queue',
  text: `
    select task, count(*) filter (where state = 'ready')::int as ready,
      count(*) filter (where state = 'scheduled')::int as scheduled,
      count(*) filter (where state = 'running')::int as running,
      count(*) filter (where state = 'failed')::int as failed,
      coalesce(extract(epoch from now() - min(run_at) filter (where state = 'ready')), 0)::float8 as "oldestS"
    from (
      select task_identifier as task, run_at,
        case when locked_at is not null then 'running' when attempts >= max_attempts then 'failed'
             when run_at > now() then 'scheduled' else 'ready' end as state
      from graphile_worker.jobs
    ) as jobs
    group by task order by task`,
  columns: {
    task: 'text',
    ready: 'int4',
    scheduled: 'int4',
    running: 'int4',
    failed: 'int4',
    oldestS: 'float8',
  },
})
