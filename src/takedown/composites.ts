import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { FAMILY_TAKEN_DOWN, SHOWS_HIDDEN } from '../composites/locate.ts'
import { parseCompositeKey } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { lockComposites } from '../db/locks.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import type { Stores } from '../store/open.ts'
import type { TakedownScope } from './locate-target.ts'
import { whileActive } from './while-active.ts'

/** Families that are locked together. */
const FAMILIES_AT_ONCE = 200
const POLL_EVERY_MS = 50

interface Run {
  readonly takeDown: { readonly id: number; readonly targetId: number }
  readonly scope: TakedownScope
  readonly signal: AbortSignal
}

/**
 * Waits until no process composes for the target's families, and deletes the rows of composites that show what is hidden. For a target
 * within a family, their objects are deleted here too, while the family is locked: nobody stores one meanwhile, and later compositions
 * see that the item is hidden. Objects of whole families are deleted by the sweep. An object without a row is assumed to show the target.
 * Returns like the other steps of a take-down.
 */
export async function removeComposites(
  app: { readonly pg: Pg; readonly stores: Stores },
  { takeDown, scope, signal }: Run,
): Promise<'done' | 'stopped' | null> {
  const { pg } = app
  for (let afterId = 0; ; ) {
    const families = FAMILIES_OF[scope.column](takeDown.targetId).as('f')
    const rows = await fetchAll(
      pg,
      query.selectFrom(families).select('f.id').where('f.id', '>', afterId).orderBy('f.id').limit(FAMILIES_AT_ONCE),
    )
    const ids = rows.map((row) => row.id)
    const lastId = ids.at(-1)
    if (lastId === undefined) return null
    for (let waiting = ids; waiting.length > 0; ) {
      if (signal.aborted) return 'stopped'
      await using locks = await lockComposites(pg, waiting)
      const { held } = locks
      const isActive =
        held.length === 0 ||
        (await whileActive(pg, takeDown.id, (client) => remove(app, client, { takeDown, scope, familyIds: held })))
      if (isActive === null) return 'done'
      await locks.release()
      waiting = waiting.filter((id) => !held.includes(id))
      if (waiting.length > 0) await delay(POLL_EVERY_MS)
    }
    afterId = lastId
  }
}

async function remove(
  { stores }: { readonly stores: Stores },
  client: PoolClient,
  { takeDown, scope, familyIds }: Pick<Run, 'takeDown' | 'scope'> & { familyIds: readonly number[] },
): Promise<true> {
  await DELETE_IMAGES.run(client, { familyIds })
  await DROP_PICKS.run(client, { familyIds })
  if (!scope.composites) return true
  const images = query.selectFrom('image').select('object_key').where('owner_type', '=', 'FAMILY')
  const rows = await fetchAll(client, images.where('owner_id', '=', anyOf(familyIds)))
  const clean = new Set(rows.map((row) => row.object_key))
  const keys: string[] = []
  for await (const { key } of stores.previews.list(scope.composites.folder))
    if (parseCompositeKey(key)?.version && !clean.has(key)) keys.push(key)
  if (keys.length === 0) return true
  await stores.previews.delete(keys)
  await COUNT_DELETED.run(client, { id: takeDown.id, objects: keys.length, key: `${scope.composites.folder}*` })
  return true
}

const FAMILIES_OF = {
  id: (id: number) => query.selectFrom('item').select('family_id as id').where('id', '=', id),
  icon_set_id: (id: number) => query.selectFrom('icon_set').select('family_id as id').where('id', '=', id),
  family_id: (id: number) => query.selectFrom('family').select('id').where('id', '=', id),
  vendor_id: (id: number) => query.selectFrom('family').select('id').where('vendor_id', '=', id),
} as const

const DELETE_IMAGES = statement({
  name: 'forget-hidden-composites',
  text: `
    delete from image m
    where m.owner_type = 'FAMILY' and m.owner_id = any(:familyIds::int[]) and not exists (
      select from composite c join family f on f.id = c.family_id
      where c.family_id = m.owner_id and c.layout = m.preset and c.members_hash = m.source_hash
        and c.recipe_hash = m.recipe_hash and not ${SHOWS_HIDDEN('c')} and not ${FAMILY_TAKEN_DOWN('f')}
        and f.visibility <> 'PRIVATE')`,
  parameters: { familyIds: 'int4[]' },
})

const DROP_PICKS = statement({
  name: 'drop-hidden-picks',
  text: `
    update composite c set is_current = false
    where c.family_id = any(:familyIds::int[]) and c.is_current and ${SHOWS_HIDDEN('c')}`,
  parameters: { familyIds: 'int4[]' },
})

const COUNT_DELETED = statement({
  name: 'count-deleted-composites',
  text: `
    update take_down set objects_deleted = objects_deleted + :objects,
      deleted_keys = array(select distinct unnest(deleted_keys || :key::text)) where id = :id`,
  parameters: { id: 'int4', objects: 'int4', key: 'text' },
})
