import type { Task, TaskList } from 'graphile-worker'
import { pruneAuditLog } from '../src/access/audit.ts'
import type { App } from '../src/app.ts'
import { composeBackfill } from '../src/backfill/compose-backfill.ts'
import { COMPOSING, PLANNING } from '../src/backfill/order.ts'
import { planBackfill } from '../src/backfill/plan.ts'
import { abandonChunk, runChunk } from '../src/backfill/run-chunk.ts'
import { rememberLayouts } from '../src/composites/remember-layouts.ts'
import { composeFamily } from '../src/composites/schedule.ts'
import { toAppError } from '../src/core/errors.ts'
import { causes, log } from '../src/core/log.ts'
import { logFailure } from '../src/core/log-failure.ts'
import { inRequest } from '../src/core/request-context.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'
import { enqueue } from '../src/jobs/enqueue.ts'
import {
  originOf,
  type PayloadOf,
  parsePayload,
  type RunnerName,
  rowOf,
  TASK_NAMES,
  type TaskName,
} from '../src/jobs/registry.ts'
import { writeSnapshot } from '../src/recovery/snapshot.ts'
import { storeTombstones } from '../src/recovery/tombstones.ts'
import { deleteDiscarded } from '../src/retention/delete-discarded.ts'
import { deleteRemoved } from '../src/retention/delete-removed.ts'
import { deleteSuperseded } from '../src/retention/delete-superseded.ts'
import { deleteUnusedTransforms } from '../src/retention/delete-unused.ts'
import { recordError, runTakeDown } from '../src/takedown/run.ts'
import { jobSeconds } from '../src/telemetry/metrics.ts'
import { inJobSpan } from '../src/telemetry/tracing.ts'
import { abandonChunk as abandonUploadChunk, renderChunk } from '../src/uploads/render-chunk.ts'
import { rememberRecipes } from '../src/variants/recipes.ts'
import { warmRemainingPresets } from '../src/variants/warm.ts'
import { pruneEvents } from '../src/webhooks/prune.ts'
import { runBackfillJob } from './backfill-job.ts'
import { runChunkJob } from './chunk-job.ts'
import { runIngestJob } from './ingest-job.ts'

/** What a task gets besides the payload. */
export interface RunningJob {
  /** Aborts when the worker stops, which is not a failed attempt: another worker continues. */
  readonly signal: AbortSignal
  readonly isLastAttempt: boolean
}

type TaskFunction<Name extends TaskName> = (app: App, payload: PayloadOf<Name>, job: RunningJob) => Promise<unknown>

/**
 * The functions of the tasks in src/jobs/registry.ts. One that throws is retried; if the database is unavailable, immediately and without
 * counting as an attempt.
 */
const FUNCTIONS: { readonly [Name in TaskName]: TaskFunction<Name> } = {
  plan_backfill: (app, { backfillId }, { isLastAttempt }) =>
    runBackfillJob(app, { backfillId, step: PLANNING, isLastAttempt, run: () => planBackfill(app, backfillId) }),

  run_chunk: (app, payload, job) =>
    runChunkJob(app, { task: 'run_chunk', payload, run: runChunk, abandon: abandonChunk, ...job }),

  compose_backfill: (app, { backfillId }, { signal, isLastAttempt }) =>
    runBackfillJob(app, {
      backfillId,
      step: COMPOSING,
      isLastAttempt,
      async run() {
        const outcome = await composeBackfill(app, backfillId, signal)
        if (outcome === 'stopped') await enqueue(app.pg, 'compose_backfill', { backfillId })
      },
    }),

  make_rest: (app, { itemIds }, { signal }) => warmRemainingPresets(app, { itemIds, signal }),

  warm_page: (app, { itemIds }, { signal }) => warmRemainingPresets(app, { itemIds, signal }),

  /** A family whose job is given up is queued again after some minutes, from our own table. */
  make_composites: async (app, { familyId }, { signal, isLastAttempt }) => {
    try {
      await composeFamily(app, familyId, signal)
    } catch (error) {
      if (isDatabaseUnavailable(error) || !isLastAttempt) throw error
      log.warn('a family cannot be composed; trying again later', { familyId, cause: causes(error) })
    }
  },

  /** The code and the sentence of a failure are recorded in the receipt; its causes are in the log alone. */
  take_down: async (app, { takeDownId, recheck }, { signal, isLastAttempt }) => {
    try {
      const outcome = await runTakeDown(app, takeDownId, { signal, recheck })
      if (outcome === 'stopped') await enqueue(app.pg, 'take_down', { takeDownId, recheck })
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error
      const { code, message } = toAppError(error)
      await recordError(app.pg, takeDownId, { reason: `${code}: ${message}`, isLast: isLastAttempt })
      if (!isLastAttempt) throw error
      logFailure('a take-down failed', error, { severity: 'error', takeDownId, code })
    }
  },

  ingest_upload: (app, payload, { signal }) => runIngestJob(app, payload, signal),

  render_upload: (app, payload, job) =>
    runChunkJob(app, { task: 'render_upload', payload, run: renderChunk, abandon: abandonUploadChunk, ...job }),

  /** Never fails as a job: the next run finds what is left. */
  delete_superseded: async ({ pg, presets, urlSecret, layouts, stores, config }, _payload, { signal }) => {
    const db = { pg, presets, urlSecret, layouts, previews: stores.previews }
    const graceDays = config.supersededDays
    try {
      // Records that the presets and layouts of this process are in use, however long ago it was started.
      await rememberRecipes(pg, presets)
      await rememberLayouts(pg, layouts)
      await deleteDiscarded({ pg, stores }, { signal })
      await deleteSuperseded(db, { graceDays, signal })
      await deleteRemoved(db, { graceDays, signal })
    } catch (error) {
      logFailure('superseded pictures or discarded objects cannot be deleted; the next run tries again', error)
    }
  },

  /** As above. */
  delete_unused: async ({ pg, stores, config }, _payload, { signal }) => {
    try {
      await deleteUnusedTransforms({ pg, previews: stores.previews }, { days: config.transformDays, signal })
    } catch (error) {
      logFailure('unused transforms cannot be deleted; the next run tries again', error)
    }
  },

  /** As above. */
  prune_events: async ({ pg }, _payload, { signal }) => {
    try {
      await pruneEvents(pg, signal)
    } catch (error) {
      logFailure('old events cannot be deleted; the next run tries again', error)
    }
  },

  /** As above. */
  store_tombstones: async (app) => {
    try {
      await storeTombstones(app)
    } catch (error) {
      logFailure(
        'what was taken down, hidden or revoked is not stored with the originals yet; trying again in a minute',
        error,
      )
    }
  },

  /** As above. Without buckets, a snapshot would lie beside the database. */
  write_snapshot: async ({ pg, stores, config }, _payload, { signal }) => {
    if (!config.buckets) return
    try {
      await writeSnapshot({ pg, originals: stores.originals }, { signal })
    } catch (error) {
      logFailure('the snapshot of the catalogue cannot be written; the next run tries again', error)
    }
  },

  /** As above. */
  prune_audit_log: async ({ pg, config }, _payload, { signal }) => {
    try {
      await pruneAuditLog(pg, { days: config.auditDays, signal })
    } catch (error) {
      logFailure('old audit entries cannot be deleted; the next run tries again', error)
    }
  },
}

/** The registry's tasks of one runner, in graphile-worker's format. */
export const createTasks = (app: App, runner: RunnerName): TaskList =>
  Object.fromEntries(
    TASK_NAMES.filter((name) => rowOf(name).runner === runner).map((name) => [name, toTask(app, name)]),
  )

/** With the id of the request that has queued it, and in its trace, if one has. */
function inJob<T>(name: TaskName, payload: unknown, run: () => Promise<T>): Promise<T> {
  const { requestId, traceparent } = originOf(payload)
  const attributes = { 'afterimage.task': name, ...(requestId !== undefined && { 'afterimage.request_id': requestId }) }
  const inTrace = () => inJobSpan(name, { traceparent }, attributes, run)
  return requestId === undefined ? inTrace() : inRequest({ requestId, described: null }, inTrace)
}

/**
 * Validates the payload and runs the task's function. An unavailable database is not a failed attempt, however long it takes: the job
 * starts again in its place when the database accepts writes. Any other failure logs one line with the job and the reason, and the queue
 * retries the job.
 */
function toTask<Name extends TaskName>(app: App, name: Name): Task {
  const runFunction: TaskFunction<Name> = FUNCTIONS[name]
  return async (payload, { job, abortSignal }) => {
    const signal = abortSignal ?? new AbortController().signal
    const from = performance.now()
    const measure = (result: 'ok' | 'failed') =>
      jobSeconds.observe({ task: name, result }, (performance.now() - from) / 1000)
    for (;;) {
      try {
        const running = { signal, isLastAttempt: job.attempts >= job.max_attempts }
        await inJob(name, payload, () => runFunction(app, parsePayload(name, payload), running))
        measure('ok')
        return
      } catch (error) {
        if (isDatabaseUnavailable(error) && !signal.aborted) {
          await app.health.whenWritable(signal)
          continue
        }
        measure('failed')
        log.warn('a job failed and will be retried', {
          job: `${name} ${JSON.stringify(payload)}`,
          attempt: `${job.attempts} of ${job.max_attempts}`,
          cause: causes(error),
        })
        throw error
      }
    }
  }
}
