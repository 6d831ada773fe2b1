import type { App } from '../src/app.ts'
import { abandonBackfill } from '../src/backfill/order.ts'
import { publicReason } from '../src/core/errors.ts'
import { logFailure } from '../src/core/log-failure.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'

/** A job that a whole backfill waits for. */
interface BackfillJob {
  readonly backfillId: number
  /** What the backfill failed at, in its error's words: `planning`. */
  readonly step: string
  readonly run: () => Promise<unknown>
  readonly isLastAttempt: boolean
}

/** Runs it; after the last attempt the backfill ends as FAILED with the reason, or it would wait for ever. */
export async function runBackfillJob({ pg }: App, job: BackfillJob): Promise<void> {
  try {
    await job.run()
  } catch (error) {
    if (isDatabaseUnavailable(error) || !job.isLastAttempt) throw error
    logFailure('a backfill failed', error, { severity: 'error', backfill: job.backfillId, step: job.step })
    await abandonBackfill(pg, job.backfillId, { step: job.step, cause: publicReason(error) })
  }
}
