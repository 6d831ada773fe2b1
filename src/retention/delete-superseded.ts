import { EARLIER_MAX } from '../composites/locate.ts'
import { log } from '../core/log.ts'
import type { Presets } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { type Locks, lockComposites, lockItems } from '../db/locks.ts'
import type { Store } from '../store/store.ts'
import {
  deleteImageRows,
  deleteOldPicks,
  findGonePresets,
  findOfPresets,
  findOfPresetsOf,
  findSuperseded,
  findSupersededComposites,
  findSupersededOf,
  forgetPresets,
  type Superseded,
} from './superseded.ts'

/** A batch locks its items for some tenths of a second, for which a first request may have to wait. */
const BATCH = 500
/** Limit of one run; the next one continues. */
const IMAGES_MAX = 100_000

interface Db {
  readonly pg: Pg
  readonly previews: Store
  readonly presets: Presets
}

/**
 * Deletes the pictures of older sources and recipes, batch by batch; returns how many. Their URLs keep redirecting to the current
 * pictures. Any number of processes may do it at once, while others make pictures.
 * @param options.graceDays how long the current picture must have existed; 0: no time
 */
export async function deleteSuperseded(
  db: Db,
  options: { graceDays: number; signal?: AbortSignal; batch?: number },
): Promise<number> {
  const { graceDays, signal, batch = BATCH } = options
  const { pg, presets } = db
  const ofItems: Owners = {
    lock: lockItems,
    find: (itemIds) => findSupersededOf(pg, { presets, graceDays, itemIds }),
  }
  let images = await deleteComposites(db, { graceDays, batch, ...(signal ? { signal } : {}) })
  for await (const found of findSuperseded(pg, { presets, graceDays })) {
    for (let from = 0; from < found.length; from += batch) {
      if (signal?.aborted) break
      images += await deleteBatch(db, found.slice(from, from + batch), ofItems)
    }
    if (images >= IMAGES_MAX || signal?.aborted) break
  }
  if (images > 0) log.info('deleted superseded pictures', { images, olderThanDays: graceDays })
  return images + (await deleteGone(db, { graceDays, batch, ...(signal ? { signal } : {}) }))
}

/** The same for removed presets; their URLs answer 404. */
async function deleteGone(
  db: Db,
  { graceDays, signal, batch }: { graceDays: number; signal?: AbortSignal; batch: number },
): Promise<number> {
  const { pg } = db
  const presets = await findGonePresets(pg, { presets: db.presets, graceDays })
  if (presets.length === 0) return 0
  const ofItems: Owners = { lock: lockItems, find: (itemIds) => findOfPresetsOf(pg, { presets, itemIds }) }
  let [images, isAll] = [0, true]
  for await (const found of findOfPresets(pg, presets)) {
    isAll = false
    for (let from = 0; from < found.length && !signal?.aborted; from += batch)
      images += await deleteBatch(db, found.slice(from, from + batch), ofItems)
    if (images >= IMAGES_MAX || signal?.aborted) break
  }
  if (isAll) await forgetPresets(pg, presets)
  if (images > 0) log.info('deleted pictures of removed presets', { images, presets: presets.join() })
  return images
}

/** The same for families' composites, and for picks that no URL needs any more. */
async function deleteComposites(
  db: Db,
  { graceDays, signal, batch }: { graceDays: number; signal?: AbortSignal; batch: number },
): Promise<number> {
  const { pg } = db
  const ofFamilies: Owners = {
    lock: lockComposites,
    find: (familyIds) => findSupersededComposites(pg, { graceDays, familyIds, limit: IMAGES_MAX }),
  }
  let images = 0
  for (let afterFamilyId = 0; images < IMAGES_MAX && !signal?.aborted; ) {
    const found = await findSupersededComposites(pg, { graceDays, afterFamilyId, limit: batch })
    const last = found.at(-1)
    if (!last) break
    // Includes all composites of the last family: a page may end within it.
    const whole = [...found, ...(await ofFamilies.find([last.ownerId]))]
    images += await deleteBatch(db, whole, ofFamilies)
    afterFamilyId = last.ownerId
  }
  await deleteOldPicks(pg, { kept: EARLIER_MAX })
  return images
}

/** The owners of superseded pictures: items, or families. */
interface Owners {
  readonly lock: (pg: Pg, ids: readonly number[]) => Promise<Locks>
  readonly find: (ids: readonly number[]) => Promise<Superseded[]>
}

/**
 * Objects first, then rows: after a crash in between, rows without objects remain, which the next run finds; their pictures are made
 * again if they become current before that. The other order would leave orphaned objects.
 */
async function deleteBatch({ pg, previews }: Db, found: readonly Superseded[], owners: Owners): Promise<number> {
  await using locks = await owners.lock(pg, [...new Set(found.map(({ ownerId }) => ownerId))])
  if (locks.held.length === 0) return 0
  // Checked again under the lock. Owners locked by another process are left to the next run.
  const keys = new Set(found.map(({ objectKey }) => objectKey))
  const now = await owners.find(locks.held)
  const images = now.filter(({ objectKey }) => keys.has(objectKey))
  await previews.delete(images.map(({ objectKey }) => objectKey))
  await deleteImageRows(pg, images)
  return images.length
}
