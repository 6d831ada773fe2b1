import type { Task } from 'graphile-worker'
import { z } from 'zod'
import { AppError } from '../src/core/errors.ts'
import { causes, log } from '../src/core/log.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'

const payloadSchema = z.object({ chunkId: z.int(), waitS: z.int().default(0) })

/** Between two looks at a store that does not answer; doubled from a second. */
const WAIT_MAX_S = 60

/** What there is to do with a chunk, of a backfill or of an upload. */
interface Chunks {
  readonly run: (chunkId: number, signal: AbortSignal) => Promise<string>
  /** @param options.waitS not before so many seconds */
  readonly requeue: (chunkId: number, options: { waitS: number }) => Promise<void>
  readonly abandon: (chunkId: number, reason: string) => Promise<void>
  /** For the log, when a store is away. */
  readonly waiting: string
}

/**
 * A store that does not answer is no failed attempt, however long it takes: the chunk waits and goes on where it was.
 * Anything else throws to be tried again; the last attempt is recorded in our own table instead of piling up in the queue's.
 */
export const chunkTask =
  ({ run, requeue, abandon, waiting }: Chunks): Task =>
  async (payload, { job, abortSignal }) => {
    const { chunkId, ...waited } = payloadSchema.parse(payload)
    try {
      const outcome = await run(chunkId, abortSignal ?? new AbortController().signal)
      // A stop is no failed attempt: the rest of the chunk goes to the front of the queue, for whoever lives.
      if (outcome === 'stopped') await requeue(chunkId, { waitS: 0 })
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error
      if (error instanceof AppError && error.code === 'UNAVAILABLE') {
        const waitS = Math.min(waited.waitS * 2 || 1, WAIT_MAX_S)
        await requeue(chunkId, { waitS })
        log.warn(waiting, { chunkId, waitS, cause: causes(error) })
        return
      }
      if (job.attempts < job.max_attempts) throw error
      await abandon(chunkId, causes(error))
    }
  }
