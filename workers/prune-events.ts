import type { CronItem, Task } from 'graphile-worker'
import type { App } from '../src/app.ts'
import { logFailure } from '../src/core/log-failure.ts'
import { pruneEvents } from '../src/webhooks/prune.ts'

export const PRUNE_EVENTS = 'prune_events'

/** Once an hour, by whichever worker is free first, before chunks. One key: what was not run yet is not queued again. */
export const PRUNE_EVENTS_HOURLY: CronItem = {
  task: PRUNE_EVENTS,
  match: '41 * * * *',
  options: { jobKey: PRUNE_EVENTS, maxAttempts: 1 },
}

/** Never fails as a job: what was left is found again by the next run. */
export const pruneEventsTask =
  (app: App): Task =>
  async (_payload, { abortSignal }) => {
    try {
      await pruneEvents(app.pg, abortSignal)
    } catch (error) {
      logFailure('old events cannot be deleted; the next run tries again', error)
    }
  }
