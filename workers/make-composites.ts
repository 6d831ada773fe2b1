import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { composeFamily } from '../src/composites/schedule.ts'
import { causes, log } from '../src/core/log.ts'
import { isDatabaseUnavailable } from '../src/db/errors.ts'

const payloadSchema = z.object({ familyId: z.int() })

/** Throws to be tried again; what is given up is queued again after some minutes, out of our own table. */
export const makeCompositesTask =
  (app: App): Task =>
  async (payload, { job, abortSignal }) => {
    const { familyId } = payloadSchema.parse(payload)
    try {
      await composeFamily(app, familyId, abortSignal ?? new AbortController().signal)
    } catch (error) {
      if (isDatabaseUnavailable(error) || job.attempts < job.max_attempts) throw error
      log.warn('a family cannot be composed; it is tried again later', { familyId, cause: causes(error) })
    }
  }
