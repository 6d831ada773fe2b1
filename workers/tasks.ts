import type { TaskList } from 'graphile-worker'
import type { App } from '../src/app.ts'
import { planBackfillTask } from './plan-backfill.ts'
import { runChunkTask } from './run-chunk.ts'

/** Every task of the queue, by the name that its jobs have. */
export const createTasks = (app: App): TaskList => ({
  plan_backfill: planBackfillTask(app),
  run_chunk: runChunkTask(app),
})
