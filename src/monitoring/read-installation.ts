import type { App } from '../app.ts'
import { type Progress, readProgress } from '../backfill/progress.ts'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { type PresetCoverage, readCoverage } from '../coverage/read.ts'
import { fetchAll, query } from '../db/query.ts'
import { readHeartbeats } from '../jobs/read-heartbeats.ts'
import { type QueuedJobs, readQueue } from '../jobs/read-queue.ts'
import { countOpenTakeDowns } from '../takedown/count-open.ts'
import * as metrics from '../telemetry/installation.ts'
import { readBacklog } from '../webhooks/backlog.ts'

/** Of the unfinished backfills, the latest; each has a few series. */
const BACKFILLS_MAX = 20

/** Reads the state of the installation from the database and sets the metrics of installation.ts. Throws if it is unavailable. */
export async function readInstallation(app: App): Promise<void> {
  const { pg, presets, urlSecret } = app
  const [jobs, workers, backfills, takeDowns, coverage, webhooks] = await Promise.all([
    readQueue(pg),
    readHeartbeats(pg),
    readBackfills(app),
    countOpenTakeDowns(pg),
    readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE),
    readBacklog(pg),
  ])
  setQueue(jobs)
  setBackfills(backfills)
  setCoverage(coverage)
  metrics.workersLive.set(workers.live)
  metrics.workerHeartbeatAgeSeconds.set(workers.oldestS)
  metrics.takedownOpen.set(takeDowns.open)
  metrics.takedownOldestSeconds.set(takeDowns.oldestS)
  metrics.webhookWaiting.set(webhooks.waiting)
  metrics.webhookDeadLetters.set(webhooks.dead)
}

function setQueue(jobs: readonly QueuedJobs[]): void {
  metrics.queueJobs.reset()
  metrics.queueOldestSeconds.reset()
  for (const { task, oldestS, ready, scheduled, running, failed } of jobs) {
    for (const [state, count] of Object.entries({ ready, scheduled, running, failed }))
      metrics.queueJobs.set({ task, state }, count)
    metrics.queueOldestSeconds.set({ task }, oldestS)
  }
}

async function readBackfills({ pg }: App): Promise<[id: string, progress: Progress][]> {
  const unfinished = query.selectFrom('backfill').select('id').where('status', 'in', ['PLANNING', 'RUNNING', 'PAUSED'])
  const ids = (await fetchAll(pg, unfinished.orderBy('id', 'desc').limit(BACKFILLS_MAX))).map(({ id }) => id)
  const progress = await readProgress(pg, ids)
  return ids.flatMap((id, index) => (progress[index] ? [[String(id), progress[index]]] : []))
}

function setBackfills(backfills: readonly [id: string, progress: Progress][]): void {
  metrics.backfillItems.reset()
  metrics.backfillEtaSeconds.reset()
  for (const [id, { totalItems, doneItems, failedItems, etaSeconds }] of backfills) {
    metrics.backfillItems.set({ id, state: 'done' }, doneItems)
    metrics.backfillItems.set({ id, state: 'failed' }, failedItems)
    metrics.backfillItems.set({ id, state: 'left' }, totalItems - doneItems - failedItems)
    if (etaSeconds !== null) metrics.backfillEtaSeconds.set({ id }, etaSeconds)
  }
}

function setCoverage(coverage: readonly PresetCoverage[]): void {
  metrics.coverage.reset()
  for (const { preset, ready, stale, missing, failed } of coverage)
    for (const [state, count] of Object.entries({ ready, stale, missing, failed }))
      metrics.coverage.set({ preset, state }, count)
}
