import { findWork, standardOrder } from './find-missing.ts'
import { type AfterRecord, makeSlice, SLICE_ITEMS } from './make-slice.ts'

type App = Parameters<typeof makeSlice>[0]

/**
 * Makes the missing variants of the given items: every preset in the format it lists first. Items that are locked by others
 * are left to them.
 */
export async function warmRemainingPresets(
  app: App,
  { itemIds, signal, afterRecord }: { itemIds: readonly number[]; signal: AbortSignal; afterRecord?: AfterRecord },
): Promise<void> {
  const order = standardOrder(app.presets)
  const range = { afterId: 0, toId: Math.max(...itemIds), limit: itemIds.length, only: itemIds }
  const found = await findWork(app.pg, order, range)
  for (let from = 0; from < found.length && !signal.aborted; from += SLICE_ITEMS)
    await makeSlice(app, { order, work: found.slice(from, from + SLICE_ITEMS), signal, afterRecord })
}
