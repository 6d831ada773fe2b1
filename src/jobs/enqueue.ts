import { currentRequest } from '../core/request-context.ts'
import { type Queryable, statement } from '../db/statement.ts'
import { currentTraceparent } from '../telemetry/tracing.ts'
import { type JobOrigin, type PayloadInput, rowOf, type TaskName } from './registry.ts'

/** A job to be queued. */
export interface NewJob<Name extends TaskName> {
  readonly payload: PayloadInput<Name>
  /** Delay in seconds. */
  readonly delayS?: number
}

/**
 * Queues a job in the caller's transaction; it replaces a queued one with the same key. A running one is not affected; the new one runs
 * after it.
 */
export const enqueue = <Name extends TaskName>(
  db: Queryable,
  task: Name,
  payload: PayloadInput<Name>,
  { delayS = 0 }: { delayS?: number } = {},
): Promise<void> => enqueueAll(db, task, [{ payload, delayS }])

/** Queues any number of jobs in one statement. Their keys must differ. */
export async function enqueueAll<Name extends TaskName>(
  db: Queryable,
  task: Name,
  jobs: readonly NewJob<Name>[],
): Promise<void> {
  if (jobs.length === 0) return
  const { payload: schema, priority, rank, attempts, key } = rowOf(task)
  // The log and the trace of the job have them; an earlier release ignores them.
  const origin: JobOrigin = { requestId: currentRequest()?.requestId, traceparent: currentTraceparent() }
  const payloads = jobs.map(({ payload }) => schema.parse(payload))
  await ADD_JOBS.run(db, {
    task,
    priorities: payloads.map((payload) => priority + (rank?.(payload) ?? 0)),
    attempts,
    payloads: payloads.map((payload) => JSON.stringify(Object.assign({}, payload, origin))),
    keys: payloads.map((payload) => key?.(payload) ?? null),
    delays: jobs.map(({ delayS = 0 }) => delayS),
  })
}

const ADD_JOBS = statement({
  name: 'add-jobs',
  text: `
    select from graphile_worker.add_jobs(array(
      select row(:task, t.payload, null, now() + make_interval(secs => t.delay_s), :attempts, t.key, t.priority, null)::graphile_worker.job_spec
      from unnest(:payloads::json[], :keys::text[], :priorities::int2[], :delays::float8[]) as t(payload, key, priority, delay_s)
    ))`,
  parameters: {
    task: 'text',
    priorities: 'int2[]',
    attempts: 'int2',
    payloads: 'json[]',
    keys: 'text?[]',
    delays: 'float8[]',
  },
})

/** How many jobs of a task are queued or running; counted up to `limit`. @param task null: all tasks */
export async function countJobs(db: Queryable, task: TaskName | null, limit: number): Promise<number> {
  const row = await COUNT_JOBS.get(db, { task, limit })
  return row?.count ?? 0
}

const COUNT_JOBS = statement({
  name: 'count-jobs',
  text: `
    select count(*)::int as count from (
      select from graphile_worker.jobs where :task::text is null or task_identifier = :task limit :limit
    ) as jobs`,
  parameters: { task: 'text?', limit: 'int8' },
  columns: { count: 'int4' },
})

/**
 * Whether a chunk of another backfill of at least the same priority, or of another upload, is waiting for a slot: one that has run for a
 * while then yields its own and continues later. @param task whose jobs' keys end in the chunk's id
 */
export async function othersWait(
  db: Queryable,
  task: 'run_chunk' | 'render_upload',
  chunkId: number,
): Promise<boolean> {
  const row = await OTHERS_WAIT[task].get(db, { task, chunkId })
  return row?.waits ?? false
}

/** @param options.and a further condition on the waiting chunk c */
const othersWaitIn = (name: string, { table, owner, and = '' }: { table: string; owner: string; and?: string }) =>
  statement({
    name,
    text: `
      select exists (
        select from graphile_worker.jobs j join ${table} c on c.id = split_part(j.key, ':', 2)::int
        where j.task_identifier = :task and j.locked_at is null and j.run_at <= now()
          and j.attempts < j.max_attempts and c.${owner} <> (select ${owner} from ${table} where id = :chunkId) ${and}
      ) as waits`,
    parameters: { task: 'text', chunkId: 'int4' },
    columns: { waits: 'bool' },
  })

const OTHERS_WAIT = {
  run_chunk: othersWaitIn('other-backfills-wait', {
    table: 'backfill_chunk',
    owner: 'backfill_id',
    and: `and (select priority from backfill where id = c.backfill_id) >=
            (select b.priority from backfill b join backfill_chunk own on own.backfill_id = b.id where own.id = :chunkId)`,
  }),
  render_upload: othersWaitIn('other-uploads-wait', { table: 'upload_chunk', owner: 'upload_id' }),
}
