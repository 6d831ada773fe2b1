import type { PoolClient } from 'pg'
import type { ManifestSet } from '../archive/manifest.ts'
import { AppError } from '../core/errors.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { discardObjects } from '../retention/discarded.ts'
import { addProblems, type UploadProblem } from './end-upload.ts'
import { queueChunks } from './render-chunk.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** Items whose pictures one job makes. */
const CHUNK_ITEMS = 96

interface Commit {
  readonly uploadId: number
  readonly position: number
  readonly set: ManifestSet
  /** How long replaced and removed objects are kept. */
  readonly graceDays: number
}

/**
 * Makes a staged set visible: new, changed and removed items and the chunks that make its pictures, all in one transaction.
 * A set that was committed before stays as it is. Throws when the catalogue has changed since the set was staged: run again
 * from staging.
 */
export async function commitSet(pg: Pg, commit: Commit): Promise<void> {
  const { uploadId, position, set } = commit
  await inTransaction(pg, async (client) => {
    const { rows } = await client.query<{ status: string; done: boolean }>(
      `select status, exists (select from upload_set where upload_id = $1 and position = $2) as done
       from upload where id = $1 for update`,
      [uploadId, position],
    )
    if (rows[0]?.status !== 'INGESTING' || rows[0].done) return
    const iconSetId = await upsertSet(client, set)
    const at = [uploadId, position]
    await client.query(LOCK_ITEMS, at)
    await keepStaged(client, at)
    await client.query(DISCARD_REPLACED, [...at, commit.graceDays])
    await client.query(RESET_LOST, at)
    const { rows: written } = await client.query<{ is_new: boolean }>(UPSERT_ITEMS, [...at, iconSetId])
    await client.query(RENAME_ITEMS, at)
    const removed = await remove(client, { ...commit, iconSetId })
    const refused = await client.query<UploadProblem>(
      `select code, file, null as pointer, message from upload_file
       where upload_id = $1 and position = $2 and code is not null order by slug`,
      at,
    )
    await addProblems(client, uploadId, { problems: refused.rows })
    await client.query(INSERT_CHUNKS, [...at, CHUNK_ITEMS])
    const added = written.filter((row) => row.is_new).length
    await client.query(
      `update upload set added_items = added_items + $2, changed_items = changed_items + $3,
         removed_items = removed_items + $4, refused_items = refused_items + $5 where id = $1`,
      [uploadId, added, written.length - added, removed.length, refused.rows.length],
    )
    await client.query('insert into upload_set (upload_id, position, leaving_item_ids) values ($1, $2, $3)', [
      ...at,
      removed,
    ])
    await client.query('delete from upload_file where upload_id = $1 and position = $2', at)
    await queueChunks(client, uploadId)
    await client.query('select pg_notify($1, $2)', [UPLOAD_CHANNEL, String(uploadId)])
  })
}

/** Upserts the set, its family and vendor as the manifest names them. Throws where another vendor got it meanwhile. */
async function upsertSet(client: PoolClient, { vendor, family, iconSet }: ManifestSet): Promise<number> {
  await client.query('insert into vendor (username, name) values ($1, $1) on conflict (username) do nothing', [vendor])
  await client.query(
    `insert into family as f (unique_id, name, vendor_id) select $1, $2, id from vendor where username = $3
     on conflict (unique_id) do update set name = excluded.name
       where f.vendor_id = excluded.vendor_id and f.name <> excluded.name`,
    [family.uniqueId, family.name, vendor],
  )
  await client.query(
    `insert into icon_set as s (unique_id, name, kind, family_id, vendor_id)
     select $1, $2, $3::item_kind, f.id, f.vendor_id from family f join vendor v on v.id = f.vendor_id
     where f.unique_id = $4 and v.username = $5
     on conflict (unique_id) do update set name = excluded.name
       where s.family_id = excluded.family_id and s.name <> excluded.name`,
    [iconSet.uniqueId, iconSet.name, iconSet.kind, family.uniqueId, vendor],
  )
  const { rows } = await client.query<{ id: number }>(
    `select s.id from icon_set s join family f on f.id = s.family_id join vendor v on v.id = f.vendor_id
     where s.unique_id = $1 and s.kind = $2::item_kind and f.unique_id = $3 and v.username = $4`,
    [iconSet.uniqueId, iconSet.kind, family.uniqueId, vendor],
  )
  if (rows[0]) return rows[0].id
  throw new AppError(
    'BAD_INPUT',
    `Set ${iconSet.uniqueId} or its family became another vendor's during the upload: use another unique id.`,
  )
}

/** Keeps the staged originals for the items. Throws when some of them are gone, or an unchanged item has changed. */
async function keepStaged(client: PoolClient, at: readonly number[]): Promise<void> {
  const { rows } = await client.query<{ lost: number; changed: number }>(KEEP_STAGED, [...at])
  const { lost = 0, changed = 0 } = rows[0] ?? {}
  if (lost + changed > 0) throw new Error(`${lost} staged originals are gone, ${changed} items changed meanwhile`)
}

/** Deletes items, except those that are taken down: their rows keep them hidden. Returns their ids. */
async function remove(
  client: PoolClient,
  { set, graceDays, iconSetId }: Commit & { iconSetId: number },
): Promise<number[]> {
  if (set.removed.length === 0) return []
  const { rows } = await client.query<{ id: number; original_key: string }>(FIND_REMOVED, [iconSetId, set.removed])
  const ids = rows.map((row) => row.id)
  const afterS = graceDays * 86_400
  const keys = rows.map((row) => row.original_key)
  await discardObjects(client, 'ORIGINALS', { keys, afterS })
  await discardImages(client, { itemIds: ids, afterS })
  await client.query('delete from item where id = any($1::int[])', [ids])
  return ids
}

/** Deletes all image rows of deleted items, and schedules the deletion of their objects. */
export async function discardImages(
  client: PoolClient,
  { itemIds, afterS }: { itemIds: readonly number[]; afterS: number },
): Promise<void> {
  const { rows } = await client.query<{ object_key: string }>(
    `delete from image where owner_type = 'ITEM' and owner_id = any($1::int[]) returning object_key`,
    [itemIds],
  )
  await discardObjects(client, 'PREVIEWS', { keys: rows.map((row) => row.object_key), afterS })
}

const STAGED = 'f.upload_id = $1 and f.position = $2'

const LOCK_ITEMS = `
  select i.id from item i join upload_file f on f.source_key = i.source_key where ${STAGED} order by i.id for update of i`

const KEEP_STAGED = `
  with kept as (
    delete from discarded_object d using upload_file f
    where ${STAGED} and d.store = 'ORIGINALS' and d.object_key = f.original_key returning d.object_key
  )
  select (select count(*) from upload_file f where ${STAGED} and original_key is not null)::int
           - (select count(*) from kept)::int as lost,
         (select count(*) from upload_file f where ${STAGED} and f.original_key is null and f.code is null and not exists (
            select from item i where i.source_key = f.source_key and i.source_hash = f.source_hash))::int as changed`

const DISCARD_REPLACED = `
  insert into discarded_object as d (store, object_key, delete_after)
  select 'ORIGINALS', coalesce(i.original_key, i.source_key), now() + make_interval(days => $3)
  from upload_file f join item i on i.source_key = f.source_key
  where ${STAGED} and f.original_key <> coalesce(i.original_key, i.source_key)
  on conflict (store, object_key) do update set delete_after = greatest(d.delete_after, excluded.delete_after)`

// Their originals were lost and are back.
const RESET_LOST = `
  delete from render_failure r using item i, upload_file f
  where ${STAGED} and i.source_key = f.source_key and r.item_id = i.id and f.original_key is not null
    and r.source_hash = f.source_hash and r.code in ('SOURCE_MISSING', 'SOURCE_CHANGED')`

// The earlier fingerprint is kept: URLs issued for it redirect to the current picture.
const UPSERT_ITEMS = `
  insert into item (unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, original_key, source_hash,
                    width, height, tags)
  select f.unique_id, f.slug, f.title, s.kind, s.id, s.family_id, s.vendor_id, f.source_key, f.original_key, f.source_hash,
         f.width, f.height, f.tags
  from upload_file f join icon_set s on s.id = $3
  where ${STAGED} and f.original_key is not null
  order by f.slug
  on conflict (source_key) do update set
    name = excluded.name, tags = excluded.tags, width = excluded.width, height = excluded.height, updated_at = now(),
    original_key = excluded.original_key,
    previous_source_hashes = case when item.source_hash = excluded.source_hash then item.previous_source_hashes else
      (array_prepend(item.source_hash, array_remove(item.previous_source_hashes, excluded.source_hash)))[1:4] end,
    thumb_hash = case when item.source_hash = excluded.source_hash then item.thumb_hash end,
    dominant_color = case when item.source_hash = excluded.source_hash then item.dominant_color end,
    source_hash = excluded.source_hash
  returning xmax = 0 as is_new`

const RENAME_ITEMS = `
  update item i set name = f.title, tags = f.tags, updated_at = now()
  from upload_file f where ${STAGED} and f.original_key is null and f.code is null and i.source_key = f.source_key
    and (i.name, i.tags) is distinct from (f.title, f.tags)`

const FIND_REMOVED = `
  select i.id, coalesce(i.original_key, i.source_key) as original_key from item i
  where i.icon_set_id = $1 and i.slug = any($2::text[]) and not exists (
    select from take_down t where t.target_type = 'ITEM' and t.target_id = i.id and t.restored_at is null)
  order by i.id for update`

// Unchanged items as well, so that their missing pictures are made, if there are any.
const INSERT_CHUNKS = `
  insert into upload_chunk (upload_id, item_ids, files)
  select $1::int, array_agg(id order by id), array_agg(file order by id)
  from (
    select i.id, f.file, (row_number() over (order by i.id) - 1) / $3::int as chunk
    from upload_file f join item i on i.source_key = f.source_key where ${STAGED} and f.code is null
  ) as listed group by chunk order by chunk`
