import { EventEmitter } from 'node:events'
import { type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker'
import { quietLogger } from '../core/queue-log.ts'
import type { Database } from '../db/database.ts'
import type { Monitor } from '../db/monitor.ts'
import { toQueuePool } from './queue-pool.ts'
import { RUNNERS, type RunnerName } from './registry.ts'

/** Running chunks stop at the next item; graphile-worker's default of 5 s is not needed. */
const ABORT_AFTER_MS = 0
const POLL_EVERY_MS = 1000

/** A runner of one kind in this process. */
export interface OpenRunner {
  readonly runner: Runner
  /** graphile-worker's id for the pool, which also locks its jobs. */
  readonly id: string
  /** The ids of the jobs that it is running. */
  readonly running: ReadonlySet<string>
}

/**
 * Runs the jobs of this runner's tasks.
 * @param options.signal aborts what waits for an unavailable database when the worker stops
 */
export async function openRunner(
  { pg, health, monitor }: Pick<Database, 'pg' | 'health'> & { readonly monitor: Monitor },
  name: RunnerName,
  { taskList, signal }: { taskList: TaskList; signal: AbortSignal },
): Promise<OpenRunner> {
  const events: WorkerEvents = new EventEmitter()
  const id = new Promise<string>((resolve) => events.once('pool:create', ({ workerPool }) => resolve(workerPool.id)))
  const running = new Set<string>()
  events.on('job:start', ({ job }) => running.add(job.id)).on('job:complete', ({ job }) => running.delete(job.id))
  const runner = await run({
    taskList,
    concurrency: RUNNERS[name].jobsAtOnce,
    pgPool: toQueuePool(pg, { health, monitor, signal }),
    events,
    // Or it looks for a file `crontab` in the working directory.
    parsedCronItems: [],
    pollInterval: POLL_EVERY_MS,
    logger: quietLogger,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
  })
  return { runner, id: await id, running }
}
