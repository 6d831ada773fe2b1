import { setTimeout as delay } from 'node:timers/promises'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { toAppError } from '../core/errors.ts'
import type { Layout } from '../core/layouts.ts'
import { logFailure } from '../core/log-failure.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { countChanges } from '../coverage/count.ts'
import type { Pg } from '../db/database.ts'
import { cellsMaxOf } from './arrange.ts'
import { clearChange, postpone, queueComposites, queueSettled, readChange } from './dirty-families.ts'
import { withFamilyLock } from './ensure.ts'
import { type ComposeDeps, makeComposite } from './make.ts'

const POLL_EVERY_MS = 1000
/** How long to wait while a request, a take-down or another worker holds the family's lock. */
const WAIT_MS = 30_000

/** Queues the families that have settled, once a second, until closed. Any number of processes may run it. */
export function runCompositeScheduler(pg: Pg): { close: () => Promise<void> } {
  const closing = new AbortController()
  const queueing = (async () => {
    while (!closing.signal.aborted) {
      await queueComposites(pg).catch((error) => logFailure('composites cannot be queued', error))
      await delay(POLL_EVERY_MS, undefined, { signal: closing.signal }).catch(() => {})
    }
  })()
  return {
    close: async () => {
      closing.abort()
      await queueing
    },
  }
}

/** Items of a family counted in one transaction, and the number of such transactions: larger families are left to the coverage loop. */
const COUNTED = { itemsMax: 10_000, batchesMax: 20, waitForLock: true }

/**
 * Queues the composites of families that a vendor's upload has just completed, if they have settled, without waiting for the coverage
 * loop and the debounce. `runCompositeScheduler` finds the remaining ones, also if this fails.
 */
export async function composeCompleted(pg: Pg, familyIds: readonly number[]): Promise<void> {
  try {
    for (const familyId of familyIds) {
      const scope = { ...WHOLE_CATALOGUE, familyId }
      for (let batch = 0; batch < COUNTED.batchesMax && (await countChanges(pg, scope, COUNTED)) > 0; batch++);
    }
    await queueSettled(pg, familyIds)
  } catch (error) {
    logFailure('composites of an upload cannot be queued yet', error)
  }
}

/**
 * Composes a family's picture of each layout, in its first format, when all pictures of its items have settled, or when it has waited too
 * long. Unchanged composites are not rendered. A concurrent change leaves the family dirty. Returns `waiting` if it has not settled, and
 * `stopped` if `signal` aborted.
 */
export async function composeFamily(
  app: ComposeDeps,
  familyId: number,
  signal: AbortSignal,
): Promise<'done' | 'waiting' | 'stopped'> {
  const { pg } = app
  const change = await readChange(pg, familyId)
  if (!change) return 'done'
  if (!change.isSettled && !change.isOverdue) {
    await postpone(pg, familyId, change)
    return 'waiting'
  }
  if (!(await composeLayouts(app, familyId, { signal }))) {
    await postpone(pg, familyId, { ...change, isSettled: true })
    return 'stopped'
  }
  await clearChange(pg, familyId, change)
  return 'done'
}

/**
 * Composes a family's picture of each layout, settled or not, as many at once as there are renderers; skips one that is taken down.
 * False: stopped before the last.
 * @param options.replace renders existing ones again
 */
export async function composeLayouts(
  app: ComposeDeps,
  familyId: number,
  { signal, replace = false }: { signal: AbortSignal; replace?: boolean },
): Promise<boolean> {
  let isStopped = false
  const compose = async (layout: Layout) => {
    isStopped ||= signal.aborted
    if (isStopped) return
    const [format = 'WEBP'] = layout.formats
    await makeComposite(app, { familyId, layout, format, isBatch: true, replace })
  }
  // Largest first, so that a large one does not start last.
  const layouts = [...app.layouts.values()].sort((a, b) => cellsMaxOf(b) - cellsMaxOf(a))
  const composeAll = () => mapConcurrent(layouts, app.pool.size, compose)
  try {
    await withFamilyLock(app.pg, { familyId, waitMs: WAIT_MS, signal }, composeAll)
  } catch (error) {
    // Restoring it marks the family as changed again.
    if (toAppError(error).code !== 'GONE') throw error
  }
  return !isStopped
}
