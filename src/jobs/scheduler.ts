import { type CronItem, parseCronItems, type Runner, run } from 'graphile-worker'
import { logFailure } from '../core/log-failure.ts'
import { quietLogger } from '../core/queue-log.ts'
import type { Database } from '../db/database.ts'
import type { Monitor } from '../db/monitor.ts'
import { statement } from '../db/statement.ts'
import { toQueuePool } from './queue-pool.ts'
import { rowOf, TASK_NAMES } from './registry.ts'

/** What nobody scheduled for this long is made up for: a worker counts as dead after a minute. */
const CATCH_UP_S = 600

/** Queues the scheduled jobs of all tasks, in one of the worker processes at a time. */
export interface Scheduler {
  /** Starts or stops scheduling, by who is elected now: call it after each heartbeat. */
  readonly elect: () => Promise<void>
  readonly isScheduling: () => boolean
  readonly close: () => Promise<void>
}

/**
 * The worker that registered first schedules, until it stops or counts as dead; the next one makes up for what it missed. If each worker
 * did, as graphile-worker would, 50 of them would wait for each other's rows for seconds, every minute. Each minute of a task is queued
 * once even while two believe that they are elected: graphile-worker records the last one in the statement that queues it.
 * @param options.ids of this process's queues, registered by heartbeats
 * @param options.signal aborts what waits for an unavailable database when the worker stops
 */
export function createScheduler(
  { pg, health, monitor }: Pick<Database, 'pg' | 'health'> & { readonly monitor: Monitor },
  { ids, signal }: { ids: readonly string[]; signal: AbortSignal },
): Scheduler {
  let runner: Promise<Runner> | null = null
  async function start(): Promise<Runner> {
    const started = await run({
      // It runs no jobs.
      taskList: {},
      concurrency: 0,
      pgPool: toQueuePool(pg, { health, monitor, signal }),
      parsedCronItems: parseCronItems(CRON_ITEMS),
      logger: quietLogger,
      noHandleSignals: true,
    })
    // Its next election starts another one.
    started.promise.catch((error) => {
      runner = null
      logFailure('the schedule of tasks ended', error)
    })
    return started
  }
  async function stop(): Promise<void> {
    const stopping = runner
    runner = null
    // What did not start has been reported by the election.
    const started = await stopping?.catch(() => null)
    await started?.stop()
  }
  return {
    async elect() {
      const first = await FIND_FIRST.get(pg)
      if (!first || !ids.includes(first.id) || signal.aborted) return await stop()
      runner ??= start()
      await runner.catch((error) => {
        runner = null
        throw error
      })
    },
    isScheduling: () => runner !== null,
    close: stop,
  }
}

// Whoever is deregistered as dead and comes back is the last one.
const FIND_FIRST = statement({
  name: 'find-first-worker',
  text: 'select id from worker order by started_at, id limit 1',
  columns: { id: 'text' },
})

/** With a key, so that one that has not run yet is not queued twice. */
const CRON_ITEMS: CronItem[] = TASK_NAMES.map((task) => ({ task, ...rowOf(task) })).flatMap(
  ({ task, schedule, key, attempts, priority }) =>
    schedule
      ? {
          task,
          match: schedule.cron,
          options: {
            jobKey: key?.({}) ?? task,
            maxAttempts: attempts,
            priority,
            backfillPeriod: (schedule.catchUpS ?? CATCH_UP_S) * 1000,
          },
        }
      : [],
)
