import { EventEmitter } from 'node:events'
import { type CronItem, parseCronItems, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker'
import { quietLogger } from '../core/queue-log.ts'
import type { Pg } from '../db/database.ts'
import { toQueuePool } from './queue-pool.ts'
import { RUNNERS, type RunnerName, rowOf, TASK_NAMES } from './registry.ts'

/** Running slices stop at the next item; graphile-worker's default of 5 s is not needed. */
const ABORT_AFTER_MS = 0
const POLL_EVERY_MS = 1000

/**
 * Runs jobs of the registry's tasks of this runner, and queues the scheduled ones.
 * Returns graphile-worker's runner, and its id for the pool, as in the locks of its jobs.
 */
export async function openRunner(
  pg: Pg,
  name: RunnerName,
  taskList: TaskList,
): Promise<{ runner: Runner; id: string }> {
  const events: WorkerEvents = new EventEmitter()
  const id = new Promise<string>((resolve) => events.once('pool:create', ({ workerPool }) => resolve(workerPool.id)))
  const runner = await run({
    taskList,
    concurrency: RUNNERS[name].jobsAtOnce,
    pgPool: toQueuePool(pg),
    events,
    parsedCronItems: parseCronItems(cronOf(name)),
    pollInterval: POLL_EVERY_MS,
    logger: quietLogger,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
  })
  return { runner, id: await id }
}

/** With a key, so that one that has not run yet is not queued twice. */
const cronOf = (name: RunnerName): CronItem[] =>
  TASK_NAMES.map((task) => ({ task, ...rowOf(task) }))
    .filter(({ runner }) => runner === name)
    .flatMap(({ task, cron, key, attempts, priority }) =>
      cron ? { task, match: cron, options: { jobKey: key?.({}) ?? task, maxAttempts: attempts, priority } } : [],
    )
