import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { abandonChunk, requeueChunk, runChunk } from '../src/backfill/run-chunk.ts'
import { AppError } from '../src/errors.ts'
import { causes, log } from '../src/log.ts'

const payloadSchema = z.object({ chunkId: z.int(), waitS: z.int().default(0) })

/** Between two looks at a store that does not answer; doubled from a second. */
const WAIT_MAX_S = 60

/**
 * A store that does not answer is no failed attempt, however long it takes: the chunk waits and goes on where it was.
 * Anything else throws to be tried again; the last attempt is recorded in our own table instead of piling up in the queue's.
 */
export const runChunkTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { chunkId, ...waited } = payloadSchema.parse(payload)
    try {
      const outcome = await runChunk(app, chunkId, abortSignal ?? new AbortController().signal)
      // A stop is no failed attempt: the rest of the chunk goes to the front of the queue, for whoever lives.
      if (outcome === 'stopped') await requeueChunk(app.pg, chunkId)
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAVAILABLE') {
        const waitS = Math.min(waited.waitS * 2 || 1, WAIT_MAX_S)
        await requeueChunk(app.pg, chunkId, { waitS })
        log.warn('a chunk waits', { chunkId, waitS, cause: causes(error) })
        return
      }
      if (job.attempts < job.max_attempts) throw error
      await abandonChunk(app, chunkId, causes(error))
    }
  }
