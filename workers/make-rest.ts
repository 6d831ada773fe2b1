import type { Task } from 'graphile-worker'
import { z } from 'zod'
import type { App } from '../src/app.ts'
import { warmRemainingPresets } from '../src/variants/warm.ts'

const payloadSchema = z.object({ itemIds: z.array(z.int()).min(1).max(1000) })

export const makeRestTask =
  (app: App): Task =>
  (payload, { abortSignal }) =>
    warmRemainingPresets(app, { ...payloadSchema.parse(payload), signal: abortSignal ?? new AbortController().signal })
