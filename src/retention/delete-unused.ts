import { sql } from 'kysely'
import { log } from '../core/log.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import type { Store } from '../store/store.ts'
import { BATCH, deleteImages, IMAGES_MAX, LOCKS, type Owners } from './delete-images.ts'

/**
 * Deletes the rows and objects of transform pictures, of any source or recipe, that nobody requested from this service for the given
 * number of days; returns how many. The next request makes them again, with the same bytes. Any number of processes may run it at once.
 * @param options.days 0: immediately
 */
export async function deleteUnusedTransforms(
  db: { readonly pg: Pg; readonly previews: Store },
  { days, signal, batch = BATCH }: { days: number; signal?: AbortSignal; batch?: number },
): Promise<number> {
  const { pg } = db
  const ofItems: Owners = {
    lock: LOCKS.ITEM,
    // A picture requested or made again meanwhile is kept.
    find: (itemIds) => fetchAll(pg, unused(days).where('owner_id', '=', anyOf(itemIds))),
  }
  let [images, afterId] = [0, '0']
  while (images < IMAGES_MAX && !signal?.aborted) {
    const found = await fetchAll(pg, unused(days).where('id', '>', afterId).orderBy('id').limit(batch))
    const last = found.at(-1)
    if (!last) break
    images += await deleteImages(db, found, ofItems)
    afterId = last.imageId
  }
  if (images > 0) log.info('deleted unused transforms', { images, unusedDays: days })
  return images
}

const unused = (days: number) =>
  query
    .selectFrom('image')
    .select(['id as imageId', 'owner_id as ownerId', 'object_key as objectKey'])
    .where('owner_type', '=', 'ITEM')
    .where(sql<boolean>`used_at <= now() - make_interval(days => ${days})`)
