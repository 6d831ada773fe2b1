import DataLoader from 'dataloader'
import type { Image, RenderFailure } from '../../prisma/generated/client/client.ts'
import { type Progress, readProgress } from '../backfill/progress.ts'
import { findTakenDown } from '../catalogue/taken-down.ts'
import { type FamilyPictures, findPicks } from '../composites/locate.ts'
import { RENDERER_VERSION } from '../core/variant.ts'
import type { Pg, Prisma } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { readUploadProgress, type UploadProgress } from '../uploads/progress.ts'

/** Loaders that batch reads for many objects of one response into one statement each. Created for every request. */
export interface Loaders {
  /** All images of an item (all presets and recipes), by its id. */
  readonly images: DataLoader<number, Image[]>
  /** The image of a transform, by its key. */
  readonly transforms: DataLoader<string, Image | null>
  /** The failure of an item, by its id. */
  readonly failures: DataLoader<number, RenderFailure | null>
  /** Whether an item is taken down, by its id. */
  readonly takenDown: DataLoader<number, boolean>
  /** The current picks for a family's pictures, by its id. */
  readonly picks: DataLoader<number, FamilyPictures>
  /** All images of a family (all layouts and picks), by its id. */
  readonly composites: DataLoader<number, Image[]>
  readonly progress: DataLoader<number, Progress>
  readonly uploadProgress: DataLoader<number, UploadProgress>
  /** The number of pending events of a webhook, by its id. */
  readonly waitingEvents: DataLoader<number, number>
}

export function createLoaders({ prisma, pg }: { prisma: Prisma; pg: Pg }): Loaders {
  return {
    images: new DataLoader((itemIds) => imagesOf(prisma, 'ITEM', itemIds)),
    transforms: new DataLoader(async (objectKeys) => {
      const images = await prisma.image.findMany({ where: { objectKey: { in: [...objectKeys] } } })
      const byKey = new Map(images.map((image) => [image.objectKey, image]))
      return objectKeys.map((key) => byKey.get(key) ?? null)
    }),
    picks: new DataLoader(async (familyIds) => {
      const byFamily = new Map((await findPicks(pg, familyIds)).map((found) => [found.familyId, found]))
      return familyIds.map((id) => byFamily.get(id) ?? new Error(`there is no family ${id}`))
    }),
    composites: new DataLoader((familyIds) => imagesOf(prisma, 'FAMILY', familyIds)),
    failures: new DataLoader(async (itemIds) => {
      const where = { itemId: { in: [...itemIds] }, rendererVersion: RENDERER_VERSION }
      const failures = await prisma.renderFailure.findMany({ where })
      const byItem = new Map(failures.map((failure) => [failure.itemId, failure]))
      return itemIds.map((id) => byItem.get(id) ?? null)
    }),
    takenDown: new DataLoader(async (itemIds) => {
      const hidden = await findTakenDown(pg, itemIds)
      return itemIds.map((id) => hidden.has(id))
    }),
    progress: new DataLoader((ids) => readProgress(pg, ids)),
    uploadProgress: new DataLoader((ids) => readUploadProgress(pg, ids)),
    waitingEvents: new DataLoader(async (webhookIds) => {
      const cursors = query
        .selectFrom('webhook_line')
        .select(['webhook_id as id', (eb) => eb.fn.sum('waiting').as('waiting')])
        .where('webhook_id', '=', anyOf(webhookIds))
        .where('waiting', '>', 0)
      const rows = await fetchAll(pg, cursors.groupBy('webhook_id'))
      const byId = new Map(rows.map((row) => [row.id, Number(row.waiting)]))
      return webhookIds.map((id) => byId.get(id) ?? 0)
    }),
  }
}

async function imagesOf(prisma: Prisma, ownerType: 'ITEM' | 'FAMILY', ids: readonly number[]): Promise<Image[][]> {
  const images = await prisma.image.findMany({ where: { ownerType, ownerId: { in: [...ids] }, usedAt: null } })
  const byOwner = Map.groupBy(images, (image) => image.ownerId)
  return ids.map((id) => byOwner.get(id) ?? [])
}
