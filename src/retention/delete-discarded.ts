import { log } from '../core/log.ts'
import { parseVariantKey, printSourceKey } from '../core/variant.ts'
import { withoutPlace } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockItems } from '../db/locks.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import type { Stores } from '../store/open.ts'
import { cancelDeletion, type StoreName, takeDiscarded } from './discarded.ts'

const BATCH = 500
/** Limit of one run; the next one continues. */
const OBJECTS_MAX = 100_000

interface Db {
  readonly pg: Pg
  readonly stores: Pick<Stores, 'originals' | 'previews'>
}

/**
 * Deletes the discarded objects that are due and that nothing refers to, batch by batch; returns how many. Anyone who stores one of them
 * again waits for the batch. Any number of processes may do it at once.
 */
export async function deleteDiscarded(db: Db, { signal }: { signal?: AbortSignal } = {}): Promise<number> {
  let objects = 0
  while (objects < OBJECTS_MAX && !signal?.aborted) {
    const { deleted, forgotten } = await deleteBatch(db)
    if (deleted + forgotten === 0) break
    objects += deleted
  }
  if (objects > 0) log.info('deleted discarded objects', { objects })
  return objects
}

/** Objects first, then rows, in one transaction: after a crash in between, the batch is repeated. */
async function deleteBatch({ pg, stores }: Db): Promise<{ deleted: number; forgotten: number }> {
  return await inTransaction(pg, async (client) => {
    const { taken, forgotten } = await takeDiscarded(client, BATCH)
    const keysOf = (store: StoreName) => taken.filter((object) => object.store === store).map(({ key }) => key)
    const originals = keysOf('ORIGINALS')
    await stores.originals.delete(originals)
    await cancelDeletion(client, 'ORIGINALS', originals)
    await using locked = await lockPictures(pg, keysOf('PREVIEWS'))
    const { previews } = locked
    await stores.previews.delete(previews)
    await cancelDeletion(client, 'PREVIEWS', previews)
    return { deleted: originals.length + previews.length, forgotten }
  })
}

/**
 * Items that came back with the same source may be getting their pictures right now: the items are locked and the pictures checked again.
 * Items locked by another process are left to the next run.
 */
async function lockPictures(
  pg: Pg,
  keys: readonly string[],
): Promise<AsyncDisposable & { readonly previews: readonly string[] }> {
  await using opening = new AsyncDisposableStack()
  const sourceKeyOf = new Map(
    keys.flatMap((key) => {
      const path = parseVariantKey(withoutPlace(key))
      return path ? [[key, printSourceKey(path)] as const] : []
    }),
  )
  const sourceKeys = [...new Set(sourceKeyOf.values())]
  const rows = await fetchAll(
    pg,
    query.selectFrom('item').select(['id', 'source_key']).where('source_key', '=', anyOf(sourceKeys)),
  )
  const itemIds = rows.map(({ id }) => id)
  const locks = itemIds.length > 0 ? opening.use(await lockItems(pg, itemIds)) : null
  const busy = new Set(rows.filter(({ id }) => !locks?.held.includes(id)).map((row) => row.source_key))
  const made = await fetchAll(pg, query.selectFrom('image').select('object_key').where('object_key', '=', anyOf(keys)))
  const isMade = new Set(made.map((row) => row.object_key))
  const previews = keys.filter((key) => !isMade.has(key) && !busy.has(sourceKeyOf.get(key) ?? ''))
  const owner = opening.move()
  return { previews, [Symbol.asyncDispose]: () => owner.disposeAsync() }
}
