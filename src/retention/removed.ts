import { sql } from 'kysely'
import type { Layouts } from '../core/layouts.ts'
import type { Presets } from '../core/variant.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { anyOf, execute, fetchAll, fetchFirst, query } from '../db/query.ts'
import type { LOCKS, StoredImage } from './delete-images.ts'

/** At least, since other processes may have presets and layouts that this one has not: theirs are seen every hour. */
const REMOVED_DAYS_MIN = 1

/** Presets and layouts that were last seen before this time are removed. */
const removedBefore = (graceDays: number) =>
  sql<Date>`now() - make_interval(days => ${Math.max(graceDays, REMOVED_DAYS_MIN)})`

/** Presets that this process does not have and that no other one has had for longer than the grace period. */
export async function findRemovedPresets(pg: Pg, options: { presets: Presets; graceDays: number }): Promise<string[]> {
  const others = query.selectFrom('preset_recipe').where(sql<boolean>`preset <> all(${[...options.presets.keys()]})`)
  const removed = others.groupBy('preset').having((eb) => eb.fn.max('seen_at'), '<=', removedBefore(options.graceDays))
  const rows = await fetchAll(pg, removed.select('preset').orderBy('preset'))
  return rows.map(({ preset }) => preset)
}

/** The same of layouts. */
export async function findRemovedLayouts(pg: Pg, options: { layouts: Layouts; graceDays: number }): Promise<string[]> {
  const others = query.selectFrom('layout_use').where(sql<boolean>`layout <> all(${[...options.layouts.keys()]})`)
  const removed = others.where('seen_at', '<=', removedBefore(options.graceDays))
  const rows = await fetchAll(pg, removed.select('layout').orderBy('layout'))
  return rows.map(({ layout }) => layout)
}

/** Images by what they were made by: presets where they are of items, layouts where they are of families. */
interface MadeBy {
  readonly owner: keyof typeof LOCKS
  readonly names: readonly string[]
}

/** Owners that one statement examines. */
const RANGE_OWNERS = 5000

/** All images that were made by these, by ranges of owners. */
export async function* findMadeBy(pg: Pg, madeBy: MadeBy): AsyncIterable<StoredImage[]> {
  const owners = query.selectFrom('image').select('owner_id as id').where('owner_type', '=', madeBy.owner)
  const last = await fetchFirst(pg, owners.orderBy('owner_id', 'desc').limit(1))
  const all = imagesMadeBy(madeBy)
  for (let afterId = 0; afterId < (last?.id ?? 0); afterId += RANGE_OWNERS) {
    const inRange = all.where('owner_id', '>', afterId).where('owner_id', '<=', afterId + RANGE_OWNERS)
    const found = await fetchAll(pg, inRange)
    if (found.length > 0) yield found
  }
}

/** Those of some owners only. */
export const findMadeByOf = (
  pg: Pg,
  { ownerIds, ...madeBy }: MadeBy & { readonly ownerIds: readonly number[] },
): Promise<StoredImage[]> => fetchAll(pg, imagesMadeBy(madeBy).where('owner_id', '=', anyOf(ownerIds)))

const imagesMadeBy = ({ owner, names }: MadeBy) =>
  query
    .selectFrom('image')
    .select(['id as imageId', 'owner_id as ownerId', 'object_key as objectKey'])
    .where('owner_type', '=', owner)
    .where('preset', '=', anyOf(names))
    .orderBy('owner_id')
    .orderBy('id')

/** Forgets presets of which no picture is left. */
export async function forgetPresets(pg: Pg, presets: readonly string[]): Promise<void> {
  await execute(pg, query.deleteFrom('preset_recipe').where('preset', '=', anyOf(presets)))
}

/** Forgets layouts of which no picture is left, with what was picked for them and how. */
export async function forgetLayouts(pg: Pg, layouts: readonly string[]): Promise<void> {
  await inTransaction(pg, async (client) => {
    await execute(client, query.deleteFrom('composite').where('layout', '=', anyOf(layouts)))
    await execute(client, query.deleteFrom('layout_use').where('layout', '=', anyOf(layouts)))
  })
}
