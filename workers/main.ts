import { EventEmitter } from 'node:events'
import { run, type WorkerEvents } from 'graphile-worker'
import { openApp } from '../src/app.ts'
import { BEAT_EVERY_MS, beat, leave, recoverJobs } from '../src/backfill/recover.ts'
import { loadConfig } from '../src/config.ts'
import { causes, log } from '../src/log.ts'
import { quietLogger } from '../src/queue-log.ts'
import { runProcess } from '../src/run-process.ts'
import { createTasks } from './tasks.ts'

/** Two chunks at once: while one looks for work or records, the other keeps the renderers busy. */
const JOBS_AT_ONCE = 2
/** Running slices stop at the next item; then graphile-worker's own 5 s would be long. */
const ABORT_AFTER_MS = 0

/** A worker: one process of any number, against DATABASE_URL and shared stores. */
await runProcess(async (stop) => {
  const app = await openApp(loadConfig())
  const events: WorkerEvents = new EventEmitter()
  const poolId = new Promise<string>((resolve) =>
    events.once('pool:create', ({ workerPool }) => resolve(workerPool.id)),
  )
  const runner = await run({
    pgPool: app.pg,
    events,
    taskList: createTasks(app),
    parsedCronItems: [],
    concurrency: JOBS_AT_ONCE,
    pollInterval: 1000,
    logger: quietLogger,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
  })
  runner.promise.catch((error) => stop(`the queue ended: ${causes(error)}`))
  const workerId = await poolId

  const heartbeat = async () => {
    await beat(app.pg, workerId)
    await recoverJobs(app.pg, workerId)
  }
  await heartbeat()
  const timer = setInterval(
    () => heartbeat().catch((error) => log.warn('a heartbeat failed', { cause: causes(error) })),
    BEAT_EVERY_MS,
  )
  log.info('worker is running', { id: workerId, renderers: app.pool.size })
  process.send?.('ready')

  return async () => {
    clearInterval(timer)
    await runner.stop()
    await leave(app.pg, workerId)
    await app.close()
  }
})
