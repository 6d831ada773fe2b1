import { EventEmitter } from 'node:events'
import { setPriority } from 'node:os'
import { type CronItem, parseCronItems, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker'
import { type App, openApp } from '../src/app.ts'
import { CHUNKS_AT_ONCE, createChunksOfRunning } from '../src/backfill/plan.ts'
import { runProcess } from '../src/commands/run-process.ts'
import { markLayoutsDirty } from '../src/composites/dirty-families.ts'
import { runCompositeScheduler } from '../src/composites/schedule.ts'
import { loadConfig } from '../src/core/config.ts'
import { causes, configureLog, log } from '../src/core/log.ts'
import { quietLogger } from '../src/core/queue-log.ts'
import { runCoverageLoop } from '../src/coverage/count.ts'
import { toQueuePool } from '../src/jobs/queue-pool.ts'
import { deregister, HEARTBEAT_EVERY_MS, heartbeat, recoverJobs } from '../src/jobs/workers.ts'
import { abandonLost } from '../src/uploads/abandon-lost.ts'
import { throttleForInteractive } from '../src/variants/interactive.ts'
import { openSender } from '../src/webhooks/sender.ts'
import { DELETE_SUPERSEDED_HOURLY } from './delete-superseded.ts'
import { PRUNE_EVENTS_HOURLY } from './prune-events.ts'
import { createLongTasks, createUploadTasks, createUrgentTasks } from './tasks.ts'

const URGENT_AT_ONCE = 2
/** One that checks or stages an archive, and two that render. */
const UPLOADS_AT_ONCE = 3
/** Running slices stop at the next item; then graphile-worker's own 5 s would be long. */
const ABORT_AFTER_MS = 0
/** A slow render may take 20 s; a supervisor kills after 10. */
const CUT_AFTER_MS = 5000

/** A worker: one process of any number, against DATABASE_URL and shared stores. */
await runProcess(async (stop) => {
  const config = loadConfig()
  configureLog(config.log)
  // Before the renderers start, which inherit it: of a core that an API wants as well, the kernel gives us a tenth at 10.
  setPriority(config.workerNiceness)
  const app = await openApp(config)
  const queues = await Promise.all([
    openQueue(app, {
      taskList: createLongTasks(app),
      concurrency: CHUNKS_AT_ONCE,
      hourly: [DELETE_SUPERSEDED_HOURLY, PRUNE_EVENTS_HOURLY],
    }),
    openQueue(app, { taskList: createUrgentTasks(app), concurrency: URGENT_AT_ONCE, hourly: [] }),
    openQueue(app, { taskList: createUploadTasks(app), concurrency: UPLOADS_AT_ONCE, hourly: [] }),
  ])
  for (const { runner } of queues) runner.promise.catch((error) => stop(`the queue ended: ${causes(error)}`))
  const ids = queues.map(({ id }) => id)
  const sender = openSender(app)

  const beat = async () => {
    for (const id of ids) await heartbeat(app.pg, id)
    await recoverJobs(app.pg, ids)
    await createChunksOfRunning(app)
    await abandonLost(app)
  }
  await beat()
  const timer = setInterval(
    () => beat().catch((error) => log.warn('a heartbeat failed', { cause: causes(error) })),
    HEARTBEAT_EVERY_MS,
  )
  await markLayoutsDirty(app.pg, app.layouts)
  const counting = runCoverageLoop(app.pg)
  const standing = throttleForInteractive(app)
  const queueing = runCompositeScheduler(app.pg)
  log.info('worker is running', { id: ids.join(','), renderers: app.pool.size })
  process.send?.('ready')

  return async () => {
    clearInterval(timer)
    standing.close()
    const cut = setTimeout(() => app.pool.cut(), CUT_AFTER_MS)
    await Promise.all([
      counting.close(),
      queueing.close(),
      sender.close(),
      ...queues.map(({ runner }) => runner.stop()),
    ])
    clearTimeout(cut)
    for (const id of ids) await deregister(app.pg, id)
    await app.close()
  }
})

/** Takes jobs of these tasks. The id is graphile-worker's for the pool, as in the locks of its jobs. */
async function openQueue(
  app: App,
  { hourly, ...options }: { taskList: TaskList; concurrency: number; hourly: CronItem[] },
): Promise<{ runner: Runner; id: string }> {
  const events: WorkerEvents = new EventEmitter()
  const id = new Promise<string>((resolve) => events.once('pool:create', ({ workerPool }) => resolve(workerPool.id)))
  const runner = await run({
    ...options,
    pgPool: toQueuePool(app.pg),
    events,
    parsedCronItems: parseCronItems(hourly),
    pollInterval: 1000,
    logger: quietLogger,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
  })
  return { runner, id: await id }
}
