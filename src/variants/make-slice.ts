import type { PoolClient } from 'pg'
import { isSourceFailure } from '../core/errors.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockItems } from '../db/locks.ts'
import { findWork, type Work, type WorkOrder } from './find-missing.ts'
import { makeVariants, type RenderDeps } from './make.ts'
import { type FailedItem, type RenderedItem, type Results, recordResults } from './record.ts'

const RENDER_LIMIT_MS = 20_000
/**
 * Items that are locked, made and recorded together. A request for one of them waits at most for its object, not for
 * the record; a crash repeats at most one slice.
 */
export const SLICE_ITEMS = 24
/** Items in progress at once: reading from and writing to S3 takes longer than rendering. */
const ITEMS_PER_RENDERER = 4

/** Runs in the transaction that records a slice. */
export type AfterRecord = (client: PoolClient, results: Results) => Promise<void>

/**
 * Locks the items of a slice, makes their missing variants and records them in one transaction. Stops taking items when `signal`
 * aborts. Throws the error of a store or the database, after recording what was made before it.
 * Returns the items that are locked by others.
 */
export async function makeSlice(
  app: RenderDeps & { readonly pg: Pg },
  slice: { order: WorkOrder; work: readonly Work[]; signal: AbortSignal; afterRecord?: AfterRecord },
): Promise<number[]> {
  const ids = slice.work.map((item) => item.itemId)
  await using locks = await lockItems(app.pg, ids)
  // Checked again under the lock: a request may have made one since.
  const range = { afterId: 0, toId: Math.max(...ids), limit: ids.length, only: locks.held }
  const work = locks.held.length > 0 ? await findWork(app.pg, slice.order, range) : []
  const { firstError, ...results } = await makeAll(app, slice, work)
  if (results.made.length > 0 || results.failures.length > 0) {
    await inTransaction(app.pg, async (client) => {
      await recordResults(client, results)
      await slice.afterRecord?.(client, results)
    })
  }
  if (firstError) throw firstError
  return ids.filter((id) => !locks.held.includes(id))
}

/** Every item, more at once than there are renderers, so that reading and storing overlap rendering. */
async function makeAll(
  app: RenderDeps,
  { order, signal }: { order: WorkOrder; signal: AbortSignal },
  work: readonly Work[],
): Promise<{ made: RenderedItem[]; failures: FailedItem[]; firstError: unknown }> {
  const results = { made: [] as RenderedItem[], failures: [] as FailedItem[], firstError: null as unknown }
  const queue = [...work]
  const worker = async () => {
    for (let item = queue.shift(); item && !results.firstError && !signal.aborted; item = queue.shift()) {
      const { itemId, sourceHash, variants } = item
      try {
        const options = { variants, timeoutMs: RENDER_LIMIT_MS, replace: order.mode === 'ALL' }
        results.made.push((await makeVariants(app, item, options)).item)
      } catch (error) {
        if (isSourceFailure(error)) results.failures.push({ itemId, sourceHash, error, backfillId: order.backfillId })
        // Renders that are killed when the worker stops are left to the next one.
        else if (!signal.aborted) results.firstError = error
      }
    }
  }
  await Promise.all(Array.from({ length: app.pool.size * ITEMS_PER_RENDERER }, worker))
  return results
}
