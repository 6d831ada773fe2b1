import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { planBackfill } from '../src/backfill/plan.ts'

const payloadSchema = z.object({ backfillId: z.int() })

export const planBackfillTask =
  (app: App): Task =>
  (payload) =>
    planBackfill(app, payloadSchema.parse(payload).backfillId)
