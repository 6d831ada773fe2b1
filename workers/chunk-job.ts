import { AppError } from '../src/core/errors.ts'
import { causes, log } from '../src/core/log.ts'
import type { Pg } from '../src/db/database.ts'
import { enqueue } from '../src/jobs/enqueue.ts'

/** Between two looks at a store that does not answer; doubled from a second. */
const WAIT_MAX_S = 60

/** A chunk of a backfill or of an upload, and what there is to do with it. */
interface ChunkJob {
  readonly task: 'run_chunk' | 'render_upload'
  readonly payload: { readonly chunkId: number; readonly waitS: number }
  readonly run: (chunkId: number) => Promise<string>
  readonly abandon: (chunkId: number, reason: string) => Promise<void>
  readonly isLastAttempt: boolean
}

/**
 * A store that does not answer is no failed attempt, however long it takes: the chunk waits and goes on where it was.
 * Anything else throws to be tried again; the last attempt is recorded in our own table instead of piling up in the queue's.
 */
export async function runChunkJob(
  pg: Pg,
  { task, payload: { chunkId, waitS: waitedS }, run, abandon, isLastAttempt }: ChunkJob,
): Promise<void> {
  try {
    const outcome = await run(chunkId)
    // A stop is no failed attempt: the rest of the chunk goes to the front of the queue, for whoever lives.
    if (outcome === 'stopped') await enqueue(pg, task, { chunkId })
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAVAILABLE') {
      const waitS = Math.min(waitedS * 2 || 1, WAIT_MAX_S)
      await enqueue(pg, task, { chunkId, waitS }, { delayS: waitS })
      log.warn('a chunk waits', { task, chunkId, waitS, cause: causes(error) })
      return
    }
    if (!isLastAttempt) throw error
    await abandon(chunkId, causes(error))
  }
}
