import type { Layouts } from '../core/layouts.ts'
import { log } from '../core/log.ts'
import type { Presets } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import type { Store } from '../store/store.ts'
import { BATCH, deleteImages, IMAGES_MAX, LOCKS } from './delete-images.ts'
import {
  findMadeBy,
  findMadeByOf,
  findRemovedLayouts,
  findRemovedPresets,
  forgetLayouts,
  forgetPresets,
} from './removed.ts'

interface Db {
  readonly pg: Pg
  readonly previews: Store
  readonly presets: Presets
  readonly layouts: Layouts
}

interface Options {
  readonly graceDays: number
  readonly signal?: AbortSignal
  readonly batch?: number
}

/**
 * Deletes the pictures of presets and of layouts that no process has had for the grace period, batch by batch; returns how
 * many. Their URLs answer 404. Any number of processes may do it at once, beside those that make pictures.
 * @param options.graceDays a day at least
 */
export async function deleteRemoved(db: Db, options: Options): Promise<number> {
  const { graceDays } = options
  const presets = await findRemovedPresets(db.pg, { presets: db.presets, graceDays })
  const ofItems = await deleteMadeBy(db, { owner: 'ITEM', names: presets, forget: forgetPresets }, options)
  const layouts = await findRemovedLayouts(db.pg, { layouts: db.layouts, graceDays })
  return ofItems + (await deleteMadeBy(db, { owner: 'FAMILY', names: layouts, forget: forgetLayouts }, options))
}

/** Presets, whose pictures are of items, or layouts, whose pictures are of families. */
interface Removed {
  readonly owner: keyof typeof LOCKS
  readonly names: readonly string[]
  /** When no picture of them is left. */
  readonly forget: (pg: Pg, names: readonly string[]) => Promise<void>
}

async function deleteMadeBy(db: Db, removed: Removed, { signal, batch = BATCH }: Options): Promise<number> {
  const { pg } = db
  const { owner, names, forget } = removed
  if (names.length === 0) return 0
  const owners = {
    lock: LOCKS[owner],
    find: (ownerIds: readonly number[]) => findMadeByOf(pg, { ...removed, ownerIds }),
  }
  let [images, isAll] = [0, true]
  for await (const found of findMadeBy(pg, removed)) {
    isAll = false
    for (let from = 0; from < found.length && !signal?.aborted; from += batch)
      images += await deleteImages(db, found.slice(from, from + batch), owners)
    if (images >= IMAGES_MAX || signal?.aborted) break
  }
  if (isAll) await forget(pg, names)
  if (images > 0) log.info('deleted pictures of removed presets or layouts', { images, names: names.join() })
  return images
}
