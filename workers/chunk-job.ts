import type { App } from '../src/app.ts'
import { AppError, publicReason } from '../src/core/errors.ts'
import { causes, log } from '../src/core/log.ts'
import { logFailure } from '../src/core/log-failure.ts'
import type { Pg } from '../src/db/database.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'
import { enqueue, othersWait } from '../src/jobs/enqueue.ts'

/** Maximum delay before a retry if a store does not respond, instead of the queue's hours. */
const WAIT_MAX_S = 60
/** How long a chunk waits for a renderer that its backfill may use. */
const FULL_S = 1
/** Doubles, starting with a second. */
export const nextWaitS = (waitedS: number): number => Math.min(waitedS * 2 || 1, WAIT_MAX_S)

/** A chunk of a backfill or of an upload, and the function that runs it. */
interface ChunkJob {
  readonly task: 'run_chunk' | 'render_upload'
  readonly payload: { readonly chunkId: number; readonly waitS: number; readonly rank?: number }
  /** Ends as `stopped` when the signal aborts. */
  readonly run: (app: App, chunkId: number, signal: AbortSignal) => Promise<string>
  readonly abandon: (app: App, chunkId: number, reason: string) => Promise<void>
  readonly signal: AbortSignal
  readonly isLastAttempt: boolean
}

/**
 * A store that does not respond is not a failed attempt, however long it takes: the chunk waits and continues where it stopped. Other
 * errors are thrown and retried; the last failure is recorded in our own table instead of accumulating in the queue's.
 */
export async function runChunkJob(
  app: App,
  { task, payload: { waitS: waitedS, ...payload }, run, abandon, signal, isLastAttempt }: ChunkJob,
): Promise<void> {
  const { pg } = app
  const { chunkId } = payload
  const timeSlice = openTimeSlice(pg, { task, chunkId })
  try {
    const outcome = await run(app, chunkId, AbortSignal.any([signal, timeSlice.signal]))
    // Not a failed attempt: the rest of the chunk is queued behind waiting jobs, for any free worker.
    if (outcome === 'stopped') await enqueue(pg, task, payload)
    // Others use all renderers that its backfill may use.
    if (outcome === 'full') await enqueue(pg, task, payload, { delayS: FULL_S })
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error
    if (error instanceof AppError && error.code === 'UNAVAILABLE') {
      const waitS = nextWaitS(waitedS)
      await enqueue(pg, task, { ...payload, waitS }, { delayS: waitS })
      log.warn('a chunk waits', { task, chunkId, waitS, cause: causes(error) })
      return
    }
    if (!isLastAttempt) throw error
    logFailure('a chunk failed', error, { severity: 'error', task, chunkId })
    await abandon(app, chunkId, publicReason(error))
  } finally {
    timeSlice.close()
  }
}

/** How long a chunk keeps its slot; it continues if no other backfill or upload is waiting. */
const TIME_SLICE_MS = 5000

/** Aborts when the chunk has had its time slice and others are waiting. */
function openTimeSlice(pg: Pg, { task, chunkId }: Pick<ChunkJob, 'task'> & { chunkId: number }) {
  const ended = new AbortController()
  const timer = setInterval(() => {
    othersWait(pg, task, chunkId).then(
      (wait) => wait && ended.abort(),
      // The database is unavailable: the chunk's own statements report it.
      () => {},
    )
  }, TIME_SLICE_MS)
  return { signal: ended.signal, close: () => clearInterval(timer) }
}
