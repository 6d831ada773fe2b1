import { runOnce } from 'graphile-worker'
import type { App } from '../../src/app.ts'
import { quietLogger } from '../../src/core/queue-log.ts'
import type { RunnerName } from '../../src/jobs/registry.ts'
import { createTasks } from '../../workers/tasks.ts'
import { until } from './until.ts'

/** Runs all jobs of a runner that are due, with the worker's own tasks, in this process. */
export async function runTasks(app: App, runner: RunnerName): Promise<void> {
  await runOnce({ pgPool: app.pg, taskList: createTasks(app, runner), noHandleSignals: true, logger: quietLogger })
  // It ends before its last job is deleted or returned.
  const locked = `select from graphile_worker.jobs where locked_by like 'otpool-%'`
  await until(async () => (await app.pg.query(locked)).rowCount === 0)
}
