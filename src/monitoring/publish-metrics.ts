import type { App } from '../app.ts'
import { printEmbeddedMetrics } from '../core/cloudwatch-metrics.ts'
import { logFailure } from '../core/log-failure.ts'
import { readHeartbeats } from '../jobs/read-heartbeats.ts'
import { readQueue } from '../jobs/read-queue.ts'
import { countOpenTakeDowns } from '../takedown/count-open.ts'

const EVERY_MS = 60_000

/**
 * Writes a line with the state of the installation at once and every minute, until it is closed. While the database is unavailable there is
 * none.
 * @param write gets a line of the embedded metric format of CloudWatch
 */
export function publishMetrics(
  { pg }: Pick<App, 'pg'>,
  { stage, write }: { stage: string; write: (line: string) => void },
): { close: () => Promise<void> } {
  async function publish(): Promise<void> {
    try {
      const [jobs, workers, takeDowns] = await Promise.all([readQueue(pg), readHeartbeats(pg), countOpenTakeDowns(pg)])
      const values = {
        queue_oldest_seconds: Math.max(0, ...jobs.map(({ oldestS }) => oldestS)),
        queue_ready: jobs.reduce((sum, { ready }) => sum + ready, 0),
        workers_live: workers.live,
        takedown_oldest_seconds: takeDowns.oldestS,
      }
      write(printEmbeddedMetrics(values, { stage, at: Date.now() }))
    } catch (error) {
      logFailure('the state of the installation cannot be published', error)
    }
  }

  let publishing = publish()
  const timer = setInterval(() => {
    publishing = publishing.then(publish)
  }, EVERY_MS)
  return {
    close() {
      clearInterval(timer)
      return publishing
    },
  }
}
