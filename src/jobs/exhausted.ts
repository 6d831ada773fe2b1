import { type Queryable, statement } from '../db/statement.ts'
import { type PayloadOf, parsePayload, type TaskName } from './registry.ts'

/** A job without attempts left that has not ended. */
export interface ExhaustedJob<Name extends TaskName> {
  readonly payload: PayloadOf<Name>
  /** Deletes it from the queue. */
  readonly remove: (db: Queryable) => Promise<void>
}

/** The jobs of a task whose attempts are used up: the worker died during the last one. */
export async function findExhausted<Name extends TaskName>(db: Queryable, task: Name): Promise<ExhaustedJob<Name>[]> {
  const rows = await FIND_EXHAUSTED.all(db, { task })
  return rows.map(({ id, payload }) => ({
    payload: parsePayload(task, payload),
    remove: async (on) => {
      await REMOVE.run(on, { id })
    },
  }))
}

// The view graphile_worker.jobs has no payload.
const FIND_EXHAUSTED = statement({
  name: 'find-exhausted-jobs',
  text: `
    select j.id, p.payload from graphile_worker.jobs j join graphile_worker._private_jobs p using (id)
    where j.task_identifier = :task and j.attempts >= j.max_attempts and j.locked_at is null`,
  parameters: { task: 'text' },
  columns: { id: 'int8', payload: 'json' },
})

const REMOVE = statement({
  name: 'remove-job',
  text: 'select from graphile_worker.complete_jobs(array[:id::bigint])',
  parameters: { id: 'int8' },
})
