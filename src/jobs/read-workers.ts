import { z } from 'zod'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { PRESENT_S } from './workers.ts'

export interface WorkerJob {
  readonly task: string
  readonly startedAt: Date | null
  /** What it works on, such as `backfill 3` or `24 items`; null if its payload names nothing. */
  readonly subject: string | null
}

/** A worker process. */
export interface WorkerProcess {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly startedAt: Date
  readonly heartbeatAt: Date
  readonly jobs: readonly WorkerJob[]
}

/** The worker processes that have sent a heartbeat recently, and their running jobs; the oldest first, at most 200. */
export async function readWorkers(pg: Pg): Promise<WorkerProcess[]> {
  const rows = await READ_WORKERS.all(pg, { presentS: PRESENT_S })
  return rows.map(({ jobs, ...worker }) => ({
    ...worker,
    jobs: runningJobs.parse(jobs).map(({ task, startedAt, payload }) => ({
      task,
      startedAt: startedAt === null ? null : new Date(startedAt),
      subject: subjectOf(payload),
    })),
  }))
}

const runningJobs = z
  .array(z.object({ task: z.string(), startedAt: z.string().nullable(), payload: z.unknown() }))
  .nullable()
  .transform((jobs) => jobs ?? [])

/** What the fields of payloads name. */
const SUBJECTS = {
  backfillId: 'backfill',
  chunkId: 'chunk',
  uploadId: 'upload',
  familyId: 'family',
  takeDownId: 'take-down',
} as const

function subjectOf(payload: unknown): string | null {
  const fields = new Map(Object.entries(payload ?? {}))
  for (const [field, name] of Object.entries(SUBJECTS)) if (fields.has(field)) return `${name} ${fields.get(field)}`
  const items = fields.get('itemIds')
  return Array.isArray(items) ? `${items.length} ${items.length === 1 ? 'item' : 'items'}` : null
}

// Each process has a row for each of its queues.
const READ_WORKERS = statement({
  name: 'read-workers',
  text: `
    with process as (
      select min(id) as id, array_agg(id) as ids, host, pid, min(started_at) as started_at, max(seen_at) as seen_at
      from worker where seen_at > now() - make_interval(secs => :presentS)
      group by host, pid, pid_space order by min(started_at), min(id) limit 200
    )
    select p.id, p.host, p.pid, p.started_at as "startedAt", p.seen_at as "heartbeatAt",
      (select json_agg(json_build_object('task', t.identifier, 'startedAt', j.locked_at, 'payload', j.payload) order by j.locked_at, j.id)
       from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
       where j.locked_by = any(p.ids)) as jobs
    from process p order by p.started_at, p.id`,
  parameters: { presentS: 'float8' },
  columns: {
    id: 'text',
    host: 'text',
    pid: 'int4',
    startedAt: 'timestamptz',
    heartbeatAt: 'timestamptz',
    jobs: 'json?',
  },
})
