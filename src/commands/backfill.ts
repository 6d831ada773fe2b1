import { setTimeout as delay } from 'node:timers/promises'
import type { Progress } from '../backfill/progress.ts'
import { AppError } from '../core/errors.ts'
import type { Ask } from './ask-service.ts'
import {
  CANCEL_BACKFILL,
  PAUSE_BACKFILL,
  PLAN_BACKFILL,
  READ_BACKFILL,
  RESUME_BACKFILL,
  START_BACKFILL,
} from './documents.ts'
import { createOutput, type Output } from './output.ts'
import { createProgressBar, duration } from './progress-bar.ts'
import { UsageError } from './run-process.ts'
import { withService } from './service.ts'

const POLL_EVERY_MS = 500
const RETRY_EVERY_MS = 2000
/** What passes by itself. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'BUSY', 'RATE_LIMITED', 'RESTARTING'])

export interface BackfillOptions {
  readonly plan?: boolean
  readonly watch?: boolean
  readonly vendor?: string
  readonly family?: string
  readonly presets?: readonly string[]
  readonly formats?: readonly string[]
  readonly mode: string
  readonly previews?: boolean
  readonly maxRenderers?: number
  readonly notAfter?: Date
  readonly priority?: string
  readonly json?: boolean
}

/** Starts a backfill, or says what it would make; returns the exit code, 1 if a backfill that is watched does not complete. */
export async function runBackfill(options: BackfillOptions): Promise<number> {
  const { plan, watch } = options
  const output = createOutput(options)
  const input = inputOf(options)
  return await withService(async (ask) => {
    if (plan) return printPlan((await ask<{ planBackfill: Plan }>(PLAN_BACKFILL, { input })).planBackfill, output)
    const { startBackfill: started } = await ask<{ startBackfill: Backfill }>(START_BACKFILL, { input })
    output.say(`backfill ${started.id} is ${started.status}`)
    if (watch) return await follow(ask, started.id, output)
    output.result(started)
    return 0
  })
}

const CHANGES = { pause: PAUSE_BACKFILL, resume: RESUME_BACKFILL, cancel: CANCEL_BACKFILL } as const

/** Pauses, resumes, cancels or follows a backfill. */
export async function changeBackfill(
  verb: keyof typeof CHANGES | 'watch',
  id: string,
  options: { json?: boolean },
): Promise<number> {
  const output = createOutput(options)
  return await withService(async (ask) => {
    if (verb === 'watch') return await follow(ask, id, output)
    const { changed } = await ask<{ changed: Backfill }>(CHANGES[verb], { id })
    output.say(`backfill ${id} is ${changed.status}`)
    output.result(changed)
    return 0
  })
}

function inputOf({ vendor, family, presets, formats, mode, ...limits }: BackfillOptions) {
  const { previews, maxRenderers, notAfter, priority } = limits
  if (vendor && family) throw new UsageError('Use --vendor or --family, not both: a family has one vendor.')
  const scope = vendor ? { vendor } : family ? { family } : undefined
  const upper = formats?.map((format) => format.toUpperCase())
  return {
    in: scope,
    presets,
    formats: upper,
    mode: mode.toUpperCase(),
    previews,
    maxRenderers,
    notAfter: notAfter?.toISOString(),
    priority: priority?.toUpperCase(),
  }
}

interface Plan {
  readonly items: number
  readonly images: number
  readonly failedBefore: number
  readonly estimatedSeconds: number | null
  readonly estimatedBytes: number | null
}

function printPlan(plan: Plan, { say, result }: Output): number {
  const { items, images, failedBefore, estimatedSeconds, estimatedBytes } = plan
  const parts = [
    `${images} images of ${items} items`,
    estimatedSeconds === null ? 'time unknown: no backfill ran within a day' : `about ${duration(estimatedSeconds)}`,
    estimatedBytes === null ? 'size unknown' : `about ${(estimatedBytes / 1e6).toFixed(1)} MB`,
    failedBefore > 0 ? `${failedBefore} items failed before` : '',
  ]
  say(parts.filter(Boolean).join(', '))
  result(plan)
  return 0
}

interface Backfill {
  readonly id: string
  readonly status: string
}

interface Followed extends Backfill, Progress {
  readonly error: string | null
  readonly finishedAt: string | null
}

/** Shows its progress until it ends. Outlives outages and restarts of the service, once that has answered. */
async function follow(ask: Ask, id: string, { stream, result }: Output): Promise<number> {
  const bar = createProgressBar(stream)
  let answered = false
  let isAway = false
  for (;;) {
    const answer = await ask<{ node: Followed | null }>(READ_BACKFILL, { id }).catch((error) => {
      if (!answered || !(error instanceof AppError) || !PASSING.has(error.code)) throw error
      if (!isAway) process.stderr.write(`${error.message} Waiting: the backfill continues.\n`)
      isAway = true
    })
    if (!answer) {
      await delay(RETRY_EVERY_MS)
      continue
    }
    answered = true
    isAway = false
    const { node } = answer
    if (!node?.status) throw new AppError('NOT_FOUND', `There is no backfill ${id}.`)
    bar.draw(node)
    if (node.finishedAt) {
      const { status, error, imagesMade, doneItems, failedItems } = node
      bar.end(
        `${status}: ${imagesMade} images of ${doneItems} items, ${failedItems} failed${error ? `. ${error}` : ''}`,
      )
      result(node)
      return status === 'COMPLETED' ? 0 : 1
    }
    // Its time is over.
    if (node.status === 'PAUSED' && node.error) {
      bar.end(`PAUSED: ${node.error}`)
      result(node)
      return 1
    }
    await delay(POLL_EVERY_MS)
  }
}
