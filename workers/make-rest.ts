import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { makeRest } from '../src/backfill/make-rest.ts'

const payloadSchema = z.object({ itemIds: z.array(z.int()).min(1).max(1000) })

export const makeRestTask =
  (app: App): Task =>
  (payload, { abortSignal }) =>
    makeRest(app, { ...payloadSchema.parse(payload), signal: abortSignal ?? new AbortController().signal })
