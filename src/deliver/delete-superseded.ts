import type { Pg } from '../catalogue/database.ts'
import { lockItems } from '../catalogue/item-locks.ts'
import { findSuperseded, findSupersededOf, forgetImages, type Superseded } from '../catalogue/superseded.ts'
import { log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { Presets } from '../variant.ts'

/** A batch holds the locks of its items: some tenths of a second that a first request for one of them may wait. */
const BATCH = 500
/** Of one run; the next one goes on. */
const IMAGES_MAX = 100_000

interface Tables {
  readonly pg: Pg
  readonly previews: Store
  readonly presets: Presets
}

/**
 * Deletes the pictures of older sources and recipes, batch by batch; returns how many. Their URLs go on redirecting to the
 * current pictures. Any number of processes may do it at once, beside those that make pictures.
 * @param options.graceDays how long the current picture must have been there; 0: at once
 */
export async function deleteSuperseded(
  tables: Tables,
  options: { graceDays: number; signal?: AbortSignal; batch?: number },
): Promise<number> {
  const { graceDays, signal, batch = BATCH } = options
  const { pg, presets } = tables
  let images = 0
  for await (const found of findSuperseded(pg, { presets, graceDays })) {
    for (let from = 0; from < found.length; from += batch) {
      if (signal?.aborted) break
      images += await deleteBatch(tables, found.slice(from, from + batch), graceDays)
    }
    if (images >= IMAGES_MAX || signal?.aborted) break
  }
  if (images > 0) log.info('deleted superseded pictures', { images, olderThanDays: graceDays })
  return images
}

/**
 * Objects first, then rows: a crash in between leaves rows whose objects are gone, which the next run finds, and which are
 * healed if they become current before. The other way round it would leave objects that nobody knows.
 */
async function deleteBatch(
  { pg, previews, presets }: Tables,
  found: readonly Superseded[],
  graceDays: number,
): Promise<number> {
  const locks = await lockItems(pg, [...new Set(found.map(({ itemId }) => itemId))])
  try {
    if (locks.held.length === 0) return 0
    // Once more, now that nobody else makes or deletes their pictures. Who is locked is the next run's.
    const keys = new Set(found.map(({ objectKey }) => objectKey))
    const now = await findSupersededOf(pg, { presets, graceDays, itemIds: locks.held })
    const images = now.filter(({ objectKey }) => keys.has(objectKey))
    await previews.delete(images.map(({ objectKey }) => objectKey))
    await forgetImages(pg, images)
    return images.length
  } finally {
    await locks.release()
  }
}
