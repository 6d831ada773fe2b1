import { EARLIER_MAX } from '../composites/locate.ts'
import { log } from '../core/log.ts'
import type { Pg } from '../db/database.ts'
import type { Store } from '../store/store.ts'
import { BATCH, deleteImages, IMAGES_MAX, LOCKS, type Owners } from './delete-images.ts'
import {
  type Current,
  deleteOldPicks,
  findSuperseded,
  findSupersededComposites,
  findSupersededOf,
} from './superseded.ts'

interface Db extends Current {
  readonly pg: Pg
  readonly previews: Store
}

/**
 * Deletes the pictures of older sources and recipes, and copies under keys of older URL secrets, batch by batch; returns how many. Their URLs keep redirecting to the current
 * pictures. Any number of processes may do it at once, while others make pictures.
 * @param options.graceDays how long the current picture must have existed; 0: no time
 */
export async function deleteSuperseded(
  db: Db,
  options: { graceDays: number; signal?: AbortSignal; batch?: number },
): Promise<number> {
  const { graceDays, signal, batch = BATCH } = options
  const { pg, presets, urlSecret } = db
  const ofItems: Owners = {
    lock: LOCKS.ITEM,
    find: (itemIds) => findSupersededOf(pg, { presets, urlSecret, graceDays, itemIds }),
  }
  let images = await deleteComposites(db, { graceDays, batch, ...(signal ? { signal } : {}) })
  for await (const found of findSuperseded(pg, { presets, urlSecret, graceDays })) {
    for (let from = 0; from < found.length; from += batch) {
      if (signal?.aborted) break
      images += await deleteImages(db, found.slice(from, from + batch), ofItems)
    }
    if (images >= IMAGES_MAX || signal?.aborted) break
  }
  if (images > 0) log.info('deleted superseded pictures', { images, olderThanDays: graceDays })
  return images
}

/** The same for families' composites, and for picks that no URL needs any more. */
async function deleteComposites(
  db: Db,
  { graceDays, signal, batch }: { graceDays: number; signal?: AbortSignal; batch: number },
): Promise<number> {
  const { pg, urlSecret } = db
  const ofFamilies: Owners = {
    lock: LOCKS.FAMILY,
    find: (familyIds) => findSupersededComposites(pg, { urlSecret, graceDays, familyIds, limit: IMAGES_MAX }),
  }
  let images = 0
  for (let afterFamilyId = 0; images < IMAGES_MAX && !signal?.aborted; ) {
    const found = await findSupersededComposites(pg, { urlSecret, graceDays, afterFamilyId, limit: batch })
    const last = found.at(-1)
    if (!last) break
    // Includes all composites of the last family: a page may end within it.
    const whole = [...found, ...(await ofFamilies.find([last.ownerId]))]
    images += await deleteImages(db, whole, ofFamilies)
    afterFamilyId = last.ownerId
  }
  await deleteOldPicks(pg, { kept: EARLIER_MAX })
  return images
}
