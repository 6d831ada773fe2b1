import type { CronItem, Task } from 'graphile-worker'
import type { App } from '../src/app.ts'
import { logFailure } from '../src/core/log-failure.ts'
import { deleteDiscarded } from '../src/retention/delete-discarded.ts'
import { deleteSuperseded } from '../src/retention/delete-superseded.ts'

export const DELETE_SUPERSEDED = 'delete_superseded'

/** Once an hour, by whichever worker is free first, before chunks. One key: what was not run yet is not queued again. */
export const DELETE_SUPERSEDED_HOURLY: CronItem = {
  task: DELETE_SUPERSEDED,
  match: '23 * * * *',
  options: { jobKey: DELETE_SUPERSEDED, maxAttempts: 1 },
}

/** Never fails as a job: what was left is found again by the next run. */
export const deleteSupersededTask =
  (app: App): Task =>
  async (_payload, { abortSignal }) => {
    const { pg, presets, stores, config } = app
    try {
      const signal = abortSignal ?? new AbortController().signal
      await deleteDiscarded({ pg, stores }, { signal })
      await deleteSuperseded({ pg, presets, previews: stores.previews }, { graceDays: config.supersededDays, signal })
    } catch (error) {
      logFailure('superseded pictures or discarded objects cannot be deleted; the next run tries again', error)
    }
  }
