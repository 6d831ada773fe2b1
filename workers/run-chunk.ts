import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { abandonChunk, requeueChunk, runChunk } from '../src/backfill/run-chunk.ts'
import { causes } from '../src/log.ts'

const payloadSchema = z.object({ chunkId: z.int() })

/** Throws to be tried again; the last attempt is recorded in our own table instead of piling up in the queue's. */
export const runChunkTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { chunkId } = payloadSchema.parse(payload)
    try {
      const outcome = await runChunk(app, chunkId, abortSignal ?? new AbortController().signal)
      // A stop is no failed attempt: the rest of the chunk goes to the front of the queue, for whoever lives.
      if (outcome === 'stopped') await requeueChunk(app.pg, chunkId)
    } catch (error) {
      if (job.attempts < job.max_attempts) throw error
      await abandonChunk(app, chunkId, causes(error))
    }
  }
