import { setPriority } from 'node:os'
import { openApp } from '../src/app.ts'
import { abandonLostBackfills } from '../src/backfill/abandon-lost.ts'
import { pauseOverdue } from '../src/backfill/pause.ts'
import { createChunksOfRunning } from '../src/backfill/plan.ts'
import { markLayoutsDirty } from '../src/composites/dirty-families.ts'
import { runCompositeScheduler } from '../src/composites/schedule.ts'
import type { StartupMessage } from '../src/core/config/supervised.ts'
import type { Config } from '../src/core/config.ts'
import { openHeartbeatFile } from '../src/core/heartbeat-file.ts'
import { causes, log } from '../src/core/log.ts'
import { logFailure } from '../src/core/log-failure.ts'
import { runCoverageLoop } from '../src/coverage/loop.ts'
import { openRunner } from '../src/jobs/queue.ts'
import { RUNNER_NAMES } from '../src/jobs/registry.ts'
import { createScheduler } from '../src/jobs/scheduler.ts'
import { createHeartbeat, deregister, HEARTBEAT_EVERY_MS } from '../src/jobs/workers.ts'
import { createMetrics } from '../src/monitoring/metrics.ts'
import { serveMetrics } from '../src/monitoring/serve-metrics.ts'
import { runIndexLoop } from '../src/search/index-items.ts'
import { openTracing } from '../src/telemetry/tracing.ts'
import { abandonLost } from '../src/uploads/abandon-lost.ts'
import { throttleForInteractive } from '../src/variants/interactive.ts'
import { openSender } from '../src/webhooks/sender.ts'
import { createTasks } from './tasks.ts'

/** A slow render may take 20 s; a supervisor kills after 10. */
const KILL_AFTER_MS = 5000

/** Runs jobs of every task, sends webhooks and keeps counts and composites up to date. Returns the function that closes it. */
export async function openWorker(config: Config, stop: (reason: string) => void): Promise<() => Promise<void>> {
  // Before the renderers start, which inherit it: at niceness 10, the kernel gives a worker a tenth of a core that an API uses too.
  setPriority(config.workerNiceness)
  const closeTracing = await openTracing(config.tracing, 'worker')
  const app = await openApp(config, { role: 'worker' })
  const closing = new AbortController()
  const queues = await Promise.all(
    RUNNER_NAMES.map((name) => openRunner(app, name, { taskList: createTasks(app, name), signal: closing.signal })),
  )
  for (const { runner } of queues) runner.promise.catch((error) => stop(`the queue ended: ${causes(error)}`))
  const ids = queues.map(({ id }) => id)
  const sender = openSender(app)

  const sendHeartbeat = createHeartbeat(app.pg, { ids, running: () => queues.flatMap(({ running }) => [...running]) })
  const scheduler = createScheduler(app, { ids, signal: closing.signal })
  const sendHeartbeats = async () => {
    await sendHeartbeat()
    await scheduler.elect()
    await pauseOverdue(app)
    await createChunksOfRunning(app)
    await abandonLostBackfills(app)
    await abandonLost(app)
  }
  await sendHeartbeats()
  const timer = setInterval(
    () => void sendHeartbeats().catch((error) => logFailure('a heartbeat could not be sent', error)),
    HEARTBEAT_EVERY_MS,
  )
  await markLayoutsDirty(app.pg, app.layouts)
  const viewers = throttleForInteractive(app)
  const counting = runCoverageLoop(app.pg, viewers)
  const indexing = runIndexLoop(app.pg)
  const queueing = runCompositeScheduler(app.pg)
  const metrics = config.metrics && (await serveMetrics(createMetrics(app, { role: 'worker' }), config.metrics))
  // Not only while the database answers: workers that were restarted in an outage would not be better off.
  const beating = openHeartbeatFile(config.heartbeatFile, async () => {})
  log.info('worker is running', { id: ids.join(','), renderers: app.pool.size })
  process.send?.({ ready: null } satisfies StartupMessage)

  return async () => {
    clearInterval(timer)
    closing.abort()
    viewers.close()
    const kill = setTimeout(() => app.pool.kill(), KILL_AFTER_MS)
    await Promise.all([
      counting.close(),
      indexing.close(),
      queueing.close(),
      sender.close(),
      scheduler.close(),
      ...queues.map(({ runner }) => runner.stop()),
    ])
    clearTimeout(kill)
    await beating.close()
    for (const id of ids)
      await deregister(app.pg, id).catch((error) => logFailure('a worker could not be deregistered', error))
    await metrics?.close()
    await app.close()
    await closeTracing()
  }
}
