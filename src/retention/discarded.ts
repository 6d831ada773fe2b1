import type { PoolClient } from 'pg'
import { anyOf, execute, fetchAll, now, query } from '../db/query.ts'
import { type Queryable, statement } from '../db/statement.ts'

/** The store of an object. */
export type StoreName = 'ORIGINALS' | 'PREVIEWS'

/**
 * Schedules objects for deletion if nothing refers to them at that time: objects that are no longer needed, and those that are stored
 * before anything refers to them. One that is already scheduled gets the later of both times.
 */
export async function discardObjects(
  db: Queryable,
  store: StoreName,
  { keys, afterS }: { keys: readonly string[]; afterS: number },
): Promise<void> {
  if (keys.length === 0) return
  await DISCARD.run(db, { store, keys, afterS })
}

const DISCARD = statement({
  name: 'discard-objects',
  text: `
    insert into discarded_object as d (store, object_key, delete_after)
    select :store::store_name, key, now() + make_interval(secs => :afterS)
    from (select distinct unnest(:keys::text[]) as key order by 1) as keys
    on conflict (store, object_key) do update set delete_after = greatest(d.delete_after, excluded.delete_after)`,
  parameters: { store: 'store_name', keys: 'text[]', afterS: 'float8' },
})

/** Cancels the deletion of objects, after waiting for a batch that is deleting one of them. Returns how many. */
export async function cancelDeletion(db: Queryable, store: StoreName, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0
  return await execute(
    db,
    query.deleteFrom('discarded_object').where('store', '=', store).where('object_key', '=', anyOf(keys)),
  )
}

/**
 * Locks some objects that are due, longest due first, and drops those that something refers to again. Returns the others, to be deleted
 * in the caller's transaction. Rows locked by another process are skipped.
 */
export async function takeDiscarded(
  client: PoolClient,
  limit: number,
): Promise<{ readonly forgotten: number; readonly taken: readonly { store: StoreName; key: string }[] }> {
  const due = query
    .selectFrom('discarded_object')
    .select(['store', 'object_key'])
    .where('delete_after', '<=', now)
    .orderBy('delete_after')
  const rows = await fetchAll(client, due.limit(limit).forUpdate().skipLocked())
  const keys = (store: StoreName) => rows.filter((row) => row.store === store).map((row) => row.object_key)
  const used = await IN_USE.all(client, { originals: keys('ORIGINALS'), previews: keys('PREVIEWS') })
  const isUsed = new Set(used.map((row) => `${row.store} ${row.object_key}`))
  for (const store of ['ORIGINALS', 'PREVIEWS'] as const)
    await cancelDeletion(
      client,
      store,
      used.filter((row) => row.store === store).map((row) => row.object_key),
    )
  const taken = rows
    .filter((row) => !isUsed.has(`${row.store} ${row.object_key}`))
    .map((row) => ({ store: row.store, key: row.object_key }))
  return { forgotten: rows.length - taken.length, taken }
}

const IN_USE = statement({
  name: 'find-used-objects',
  text: `
    select 'ORIGINALS'::store_name as store, source_key as object_key from item
      where source_key = any(:originals::text[]) and original_key is null
    union all select 'ORIGINALS', original_key from item where original_key = any(:originals::text[])
    union all select 'PREVIEWS', object_key from image where object_key = any(:previews::text[])`,
  parameters: { originals: 'text[]', previews: 'text[]' },
  columns: { store: 'store_name', object_key: 'text' },
})
