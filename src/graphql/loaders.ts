import DataLoader from 'dataloader'
import type { Image } from '../../prisma/generated/client/client.ts'
import { type Progress, readProgress } from '../backfill/progress.ts'
import { findTakenDown } from '../catalogue/taken-down.ts'
import { type FamilyPictures, findPicks } from '../composites/locate.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Pg, Prisma } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { readUploadProgress, type UploadProgress } from '../uploads/progress.ts'
import { type MakingFacts, readMaking } from '../variants/latest.ts'
import { createStates } from './states.ts'

/** Loaders that batch reads for many objects of one response into one statement each. Created for every request. */
export interface Loaders {
  /** What is known about an item's picture. */
  readonly states: ReturnType<typeof createStates>
  /** Whether an item is taken down, by its id. */
  readonly takenDown: DataLoader<number, boolean>
  /** The current picks for a family's pictures, by its id. */
  readonly picks: DataLoader<number, FamilyPictures>
  /** All images of a family (all layouts and picks), by its id. */
  readonly composites: DataLoader<number, Image[]>
  /** When and how a picture was made, by its object key; null if it is not stored. */
  readonly making: DataLoader<string, MakingFacts | null>
  readonly progress: DataLoader<number, Progress>
  readonly uploadProgress: DataLoader<number, UploadProgress>
  /** The number of pending events of a webhook, by its id. */
  readonly waitingEvents: DataLoader<number, number>
}

/** For one request: what they have loaded is forgotten with it. */
export function createLoaders(app: { prisma: Prisma; pg: Pg; urlSecret: UrlSecret }): Loaders {
  const { prisma, pg } = app
  return {
    states: createStates(app),
    picks: new DataLoader(async (familyIds) => {
      const byFamily = new Map((await findPicks(pg, familyIds)).map((found) => [found.familyId, found]))
      return familyIds.map((id) => byFamily.get(id) ?? new Error(`there is no family ${id}`))
    }),
    composites: new DataLoader((familyIds) => compositesOf(prisma, familyIds)),
    takenDown: new DataLoader(async (itemIds) => {
      const hidden = await findTakenDown(pg, itemIds)
      return itemIds.map((id) => hidden.has(id))
    }),
    making: new DataLoader(async (objectKeys) => {
      const byKey = await readMaking(pg, objectKeys)
      return objectKeys.map((key) => byKey.get(key) ?? null)
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

async function compositesOf(prisma: Prisma, familyIds: readonly number[]): Promise<Image[][]> {
  const images = await prisma.image.findMany({ where: { ownerType: 'FAMILY', ownerId: { in: [...familyIds] } } })
  const byFamily = Map.groupBy(images, (image) => image.ownerId)
  return familyIds.map((id) => byFamily.get(id) ?? [])
}
