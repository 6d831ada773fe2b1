import type { Pg } from '../db/database.ts'
import { type Locks, lockComposites, lockItems } from '../db/locks.ts'
import { anyOf, execute, query } from '../db/query.ts'
import type { Store } from '../store/store.ts'

/** A batch holds the locks of its items: some tenths of a second that a first request for one of them may wait. */
export const BATCH = 500
/** Limit of one run; the next one continues. */
export const IMAGES_MAX = 100_000

/** An image and its object, to be deleted. */
export interface StoredImage {
  readonly imageId: string
  /** An item, or a composite's family. */
  readonly ownerId: number
  readonly objectKey: string
}

/** How the owners of images are locked, items or families, and how to find again those of theirs that are to go. */
export interface Owners {
  readonly lock: (pg: Pg, ids: readonly number[]) => Promise<Locks>
  readonly find: (ids: readonly number[]) => Promise<StoredImage[]>
}

/**
 * Deletes images, as far as they are still to go once their owners are locked; returns how many. Owners that another process
 * has locked are left to the next run. Objects first, then rows: a crash in between leaves rows whose objects are gone, which
 * the next run finds, and which are made again if they become current before. The other way round it would leave orphaned
 * objects.
 */
export async function deleteImages(
  { pg, previews }: { readonly pg: Pg; readonly previews: Store },
  found: readonly StoredImage[],
  owners: Owners,
): Promise<number> {
  await using locks = await owners.lock(pg, [...new Set(found.map(({ ownerId }) => ownerId))])
  if (locks.held.length === 0) return 0
  const keys = new Set(found.map(({ objectKey }) => objectKey))
  const now = await owners.find(locks.held)
  const images = now.filter(({ objectKey }) => keys.has(objectKey))
  await previews.delete(images.map(({ objectKey }) => objectKey))
  const ids = images.map(({ imageId }) => imageId)
  await execute(pg, query.deleteFrom('image').where('id', '=', anyOf(ids)))
  return images.length
}

/** What locks the owners of pictures: items, or families, whose pictures are composites. */
export const LOCKS = { ITEM: lockItems, FAMILY: lockComposites } as const
