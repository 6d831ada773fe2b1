import type { App } from '../src/app.ts'
import { AppError, publicReason } from '../src/core/errors.ts'
import { causes, log } from '../src/core/log.ts'
import { logFailure } from '../src/core/log-failure.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'
import { enqueue } from '../src/jobs/enqueue.ts'
import type { PayloadOf } from '../src/jobs/registry.ts'
import { abandonUpload, ingestUpload } from '../src/uploads/ingest-upload.ts'
import { nextWaitS } from './chunk-job.ts'

/**
 * Retries for about six minutes, because the vendor's next upload waits too; then the upload has failed. An unavailable store or database
 * does not count.
 */
const TRIES_MAX = 10
/** Delay while another upload of the vendor is being ingested. */
const BUSY_S = 1

/** Never fails as a job: a failure queues the next attempt, and the last one ends the upload. */
export async function runIngestJob(
  app: App,
  { uploadId, ...waited }: PayloadOf<'ingest_upload'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const outcome = await ingestUpload(app, uploadId, signal)
    if (outcome === 'stopped') await enqueue(app.pg, 'ingest_upload', { uploadId })
    if (outcome === 'busy') await enqueue(app.pg, 'ingest_upload', { uploadId, waitS: BUSY_S }, { delayS: BUSY_S })
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error
    const isAway = error instanceof AppError && error.code === 'UNAVAILABLE'
    const tries = waited.tries + (isAway ? 0 : 1)
    if (tries === TRIES_MAX) {
      logFailure('an upload failed', error, { severity: 'error', uploadId })
      return await abandonUpload(app.pg, uploadId, publicReason(error))
    }
    const waitS = nextWaitS(waited.waitS)
    await enqueue(app.pg, 'ingest_upload', { uploadId, waitS, tries }, { delayS: waitS })
    log.warn('an upload could not be ingested; trying again', { uploadId, waitS, tries, cause: causes(error) })
  }
}
