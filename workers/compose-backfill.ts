import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { addJob } from '../src/backfill/backfills.ts'
import { composeBackfill } from '../src/backfill/compose-backfill.ts'

const payloadSchema = z.object({ backfillId: z.int() })

/** A stop is no failed attempt: whoever lives goes on. */
export const composeBackfillTask =
  (app: App): Task =>
  async (payload, { abortSignal }) => {
    const { backfillId } = payloadSchema.parse(payload)
    const outcome = await composeBackfill(app, backfillId, abortSignal ?? new AbortController().signal)
    if (outcome === 'stopped') await addJob(app.pg, 'compose_backfill', { backfillId })
  }
