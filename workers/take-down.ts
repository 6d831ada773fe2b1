import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { causes } from '../src/core/log.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'
import { recordError, runTakeDown } from '../src/takedown/run.ts'
import { queueTakeDown } from '../src/takedown/take-down.ts'

const payloadSchema = z.object({ takeDownId: z.int(), recheck: z.boolean() })

/** Throws to be tried again, with the reason in the receipt; the last attempt ends there. */
export const takeDownTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { takeDownId, recheck } = payloadSchema.parse(payload)
    try {
      const signal = abortSignal ?? new AbortController().signal
      const outcome = await runTakeDown(app, takeDownId, { signal, recheck })
      if (outcome === 'stopped') await queueTakeDown(app.pg, takeDownId, { recheck })
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error
      const isLast = job.attempts >= job.max_attempts
      await recordError(app.pg, takeDownId, { reason: causes(error), isLast })
      if (!isLast) throw error
    }
  }
