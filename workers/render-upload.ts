import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { AppError } from '../src/errors.ts'
import { causes, log } from '../src/log.ts'
import { abandonChunk, renderChunk, requeueChunk } from '../src/uploads/render-chunk.ts'

const payloadSchema = z.object({ chunkId: z.int(), waitS: z.int().default(0) })

/** Between two looks at a store that does not answer; doubled from a second. */
const WAIT_MAX_S = 60

/** As with a backfill's chunks: a store that is away is no failed attempt, and the last attempt is recorded. */
export const renderUploadTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { chunkId, ...waited } = payloadSchema.parse(payload)
    try {
      const outcome = await renderChunk(app, chunkId, abortSignal ?? new AbortController().signal)
      if (outcome === 'stopped') await requeueChunk(app.pg, chunkId)
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAVAILABLE') {
        const waitS = Math.min(waited.waitS * 2 || 1, WAIT_MAX_S)
        await requeueChunk(app.pg, chunkId, { waitS })
        log.warn('pictures of an upload wait', { chunkId, waitS, cause: causes(error) })
        return
      }
      if (job.attempts < job.max_attempts) throw error
      await abandonChunk(app, chunkId, causes(error))
    }
  }
