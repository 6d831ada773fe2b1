import type { PoolClient } from 'pg'
import type { Pg } from '../db/database.ts'

/** The store of an object. */
export type StoreName = 'ORIGINALS' | 'PREVIEWS'

/**
 * Schedules the deletion of objects that nothing refers to at that time: objects that are no longer needed, and those that
 * are about to be stored before anything refers to them. One that is scheduled already gets the later of both times.
 */
export async function discardObjects(
  pg: Pg | PoolClient,
  store: StoreName,
  { keys, afterS }: { keys: readonly string[]; afterS: number },
): Promise<void> {
  if (keys.length === 0) return
  await pg.query(
    `insert into discarded_object as d (store, object_key, delete_after)
     select $1::store_name, key, now() + make_interval(secs => $3)
     from (select distinct unnest($2::text[]) as key order by 1) as keys
     on conflict (store, object_key) do update set delete_after = greatest(d.delete_after, excluded.delete_after)`,
    [store, keys, afterS],
  )
}

/** Cancels the deletion of objects, after waiting for a batch that is deleting one of them. Returns how many. */
export async function cancelDeletion(pg: Pg | PoolClient, store: StoreName, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0
  const { rowCount } = await pg.query(
    'delete from discarded_object where store = $1::store_name and object_key = any($2::text[])',
    [store, keys],
  )
  return rowCount ?? 0
}

/**
 * Locks some objects that are due, the longest due first, and drops those that something refers to again. Returns the others,
 * to be deleted in the caller's transaction. Rows that another process has locked are skipped.
 */
export async function takeDiscarded(
  client: PoolClient,
  limit: number,
): Promise<{ readonly forgotten: number; readonly taken: readonly { store: StoreName; key: string }[] }> {
  const { rows } = await client.query<{ store: StoreName; object_key: string }>(TAKE_DISCARDED, [limit])
  const keys = (store: StoreName) => rows.filter((row) => row.store === store).map((row) => row.object_key)
  const used = await client.query<{ store: StoreName; object_key: string }>(IN_USE, [
    keys('ORIGINALS'),
    keys('PREVIEWS'),
  ])
  const isUsed = new Set(used.rows.map((row) => `${row.store} ${row.object_key}`))
  for (const store of ['ORIGINALS', 'PREVIEWS'] as const)
    await cancelDeletion(
      client,
      store,
      used.rows.filter((row) => row.store === store).map((row) => row.object_key),
    )
  const taken = rows
    .filter((row) => !isUsed.has(`${row.store} ${row.object_key}`))
    .map((row) => ({ store: row.store, key: row.object_key }))
  return { forgotten: rows.length - taken.length, taken }
}

const TAKE_DISCARDED = `
  select store, object_key from discarded_object where delete_after <= now()
  order by delete_after limit $1 for update skip locked`

const IN_USE = `
  select 'ORIGINALS' as store, source_key as object_key from item where source_key = any($1::text[]) and original_key is null
  union all select 'ORIGINALS', original_key from item where original_key = any($1::text[])
  union all select 'PREVIEWS', object_key from image where object_key = any($2::text[])`
