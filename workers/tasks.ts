import type { Task, TaskList } from 'graphile-worker'
import type { App } from '../src/app.ts'
import { MAKE_COMPOSITES } from '../src/composites/dirty-families.ts'
import { causes, log } from '../src/core/log.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'
import { composeBackfillTask } from './compose-backfill.ts'
import { DELETE_SUPERSEDED, deleteSupersededTask } from './delete-superseded.ts'
import { ingestUploadTask } from './ingest-upload.ts'
import { makeCompositesTask } from './make-composites.ts'
import { makeRestTask } from './make-rest.ts'
import { planBackfillTask } from './plan-backfill.ts'
import { PRUNE_EVENTS, pruneEventsTask } from './prune-events.ts'
import { renderUploadTask } from './render-upload.ts'
import { runChunkTask } from './run-chunk.ts'
import { takeDownTask } from './take-down.ts'

/**
 * A database in trouble is no failed attempt, however long it takes: the job begins again in its place when there is one to
 * write to. Any other failure is one line, and the queue tries the job again.
 */
const supervised =
  (app: App, task: Task): Task =>
  async (payload, helpers) => {
    const signal = helpers.abortSignal ?? new AbortController().signal
    for (;;) {
      try {
        return await task(payload, helpers)
      } catch (error) {
        if (isDatabaseUnavailable(error) && !signal.aborted) {
          await app.health.whenWritable(signal)
          continue
        }
        const { task_identifier, attempts, max_attempts } = helpers.job
        const job = `${task_identifier} ${JSON.stringify(payload)}`
        log.warn('a job failed and will be tried again', {
          job,
          attempt: `${attempts} of ${max_attempts}`,
          cause: causes(error),
        })
        throw error
      }
    }
  }

/** The tasks that run for minutes, by the name that their jobs have. */
export const createLongTasks = (app: App): TaskList => ({
  plan_backfill: supervised(app, planBackfillTask(app)),
  run_chunk: supervised(app, runChunkTask(app)),
  compose_backfill: supervised(app, composeBackfillTask(app)),
  [DELETE_SUPERSEDED]: deleteSupersededTask(app),
  [PRUNE_EVENTS]: pruneEventsTask(app),
})

/** The tasks that somebody waits for: they have slots of their own beside the long ones. */
export const createUrgentTasks = (app: App): TaskList => ({
  make_rest: supervised(app, makeRestTask(app)),
  take_down: supervised(app, takeDownTask(app)),
  [MAKE_COMPOSITES]: supervised(app, makeCompositesTask(app)),
})

/**
 * Vendors' uploads, in slots of their own: a backfill's chunk lasts for many seconds, and a hostile archive must not
 * stand before a take-down.
 */
export const createUploadTasks = (app: App): TaskList => ({
  ingest_upload: supervised(app, ingestUploadTask(app)),
  render_upload: supervised(app, renderUploadTask(app)),
})
