import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { recordTrouble, runTakeDown } from '../src/deliver/run-take-down.ts'
import { queueTakeDown } from '../src/deliver/take-down.ts'
import { causes } from '../src/log.ts'

const payloadSchema = z.object({ takeDownId: z.int(), second: z.boolean() })

/** Throws to be tried again, with the reason in the receipt; the last attempt ends there. */
export const takeDownTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { takeDownId, second } = payloadSchema.parse(payload)
    try {
      const signal = abortSignal ?? new AbortController().signal
      const outcome = await runTakeDown(app, takeDownId, { signal, second })
      if (outcome === 'stopped') await queueTakeDown(app.pg, takeDownId, { second })
    } catch (error) {
      const isLast = job.attempts >= job.max_attempts
      await recordTrouble(app.pg, takeDownId, { reason: causes(error), isLast })
      if (!isLast) throw error
    }
  }
