import { findWork, standardOrder } from './find-missing.ts'
import { type AfterRecord, makeItems } from './make-items.ts'

type App = Parameters<typeof makeItems>[0]

/** Makes the missing variants of the given items: every preset in its first format. Skips items that others have locked. */
export async function warmRemainingPresets(
  app: App,
  { itemIds, signal, afterRecord }: { itemIds: readonly number[]; signal: AbortSignal; afterRecord?: AfterRecord },
): Promise<void> {
  const order = standardOrder(app)
  const range = { afterId: 0, toId: Math.max(...itemIds), limit: itemIds.length, only: itemIds }
  const work = await findWork(app.pg, order, range)
  await makeItems(app, { order, work, signal, afterRecord })
}
