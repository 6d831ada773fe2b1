import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { abandonChunk, runChunk } from '../src/backfill/run-chunk.ts'
import { causes, log } from '../src/log.ts'

const payloadSchema = z.object({ chunkId: z.int() })

/** Throws to be tried again; the last attempt is recorded in our own table instead of piling up in the queue's. */
export const runChunkTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { chunkId } = payloadSchema.parse(payload)
    let outcome: 'done' | 'stopped'
    try {
      outcome = await runChunk(app, chunkId, abortSignal ?? new AbortController().signal)
    } catch (error) {
      log.warn('a chunk failed', { chunk: chunkId, attempt: job.attempts, cause: causes(error) })
      if (job.attempts < job.max_attempts) throw error
      return await abandonChunk(app.pg, chunkId, causes(error))
    }
    if (outcome === 'stopped') throw new Error('the worker stops; another one goes on with this chunk')
  }
