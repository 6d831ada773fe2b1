import { statement } from '../db/statement.ts'

/** The statements of commitSet, in this order. */

const AT = { uploadId: 'int4', position: 'int4' } as const
/** SQL: a file of the set. */
const STAGED = 'f.upload_id = :uploadId and f.position = :position'

export const LOCK_UPLOAD = statement({
  name: 'lock-upload',
  text: `
    select status, exists (select from upload_set where upload_id = :uploadId and position = :position) as done
    from upload where id = :uploadId for update`,
  parameters: AT,
  columns: { status: 'upload_status', done: 'bool' },
})

export const UPSERT_FAMILY = statement({
  name: 'upsert-family',
  text: `
    insert into family as f (unique_id, name, vendor_id) select :uniqueId, :name, id from vendor where username = :vendor
    on conflict (unique_id) do update set name = excluded.name
      where f.vendor_id = excluded.vendor_id and f.name <> excluded.name`,
  parameters: { uniqueId: 'text', name: 'text', vendor: 'text' },
})

export const UPSERT_SET = statement({
  name: 'upsert-set',
  text: `
    insert into icon_set as s (unique_id, name, kind, family_id, vendor_id)
    select :uniqueId, :name, :kind::item_kind, f.id, f.vendor_id from family f join vendor v on v.id = f.vendor_id
    where f.unique_id = :family and v.username = :vendor
    on conflict (unique_id) do update set name = excluded.name
      where s.family_id = excluded.family_id and s.name <> excluded.name`,
  parameters: { uniqueId: 'text', name: 'text', kind: 'item_kind', family: 'text', vendor: 'text' },
})

export const LOCK_ITEMS = statement({
  name: 'lock-staged-items',
  text: `
    select i.id from item i join upload_file f on f.source_key = i.source_key where ${STAGED} order by i.id for update of i`,
  parameters: AT,
  columns: { id: 'int4' },
})

export const KEEP_STAGED = statement({
  name: 'take-staged',
  text: `
    with kept as (
      delete from discarded_object d using upload_file f
      where ${STAGED} and d.store = 'ORIGINALS' and d.object_key = f.original_key returning d.object_key
    )
    select (select count(*) from upload_file f where ${STAGED} and original_key is not null)::int
             - (select count(*) from kept)::int as lost,
           (select count(*) from upload_file f where ${STAGED} and f.original_key is null and f.code is null and not exists (
              select from item i where i.source_key = f.source_key and i.source_hash = f.source_hash))::int as changed`,
  parameters: AT,
  columns: { lost: 'int4', changed: 'int4' },
})

export const DISCARD_REPLACED = statement({
  name: 'discard-replaced',
  text: `
    insert into discarded_object as d (store, object_key, delete_after)
    select 'ORIGINALS', coalesce(i.original_key, i.source_key), now() + make_interval(days => :graceDays)
    from upload_file f join item i on i.source_key = f.source_key
    where ${STAGED} and f.original_key <> coalesce(i.original_key, i.source_key)
    on conflict (store, object_key) do update set delete_after = greatest(d.delete_after, excluded.delete_after)`,
  parameters: { ...AT, graceDays: 'int4' },
})

// Items whose originals had been lost and are stored again.
export const RESET_LOST = statement({
  name: 'forget-lost-failures',
  text: `
    delete from render_failure r using item i, upload_file f
    where ${STAGED} and i.source_key = f.source_key and r.item_id = i.id and f.original_key is not null
      and r.source_hash = f.source_hash and r.code in ('SOURCE_MISSING', 'SOURCE_CHANGED')`,
  parameters: AT,
})

// The previous fingerprint is kept: URLs issued for it redirect to the current picture.
export const UPSERT_STAGED = statement({
  name: 'upsert-staged-items',
  text: `
    insert into item (unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, original_key, source_hash,
                      width, height, tags, alt, aliases, source_bytes, own_visibility)
    select f.unique_id, f.slug, f.title, s.kind, s.id, s.family_id, s.vendor_id, f.source_key, f.original_key, f.source_hash,
           f.width, f.height, f.tags, f.alt, f.aliases, f.source_bytes, coalesce(f.visibility, 'PUBLIC')
    from upload_file f join icon_set s on s.id = :iconSetId
    where ${STAGED} and f.original_key is not null
    order by f.slug
    on conflict (source_key) do update set
      name = excluded.name, tags = excluded.tags, alt = excluded.alt, aliases = excluded.aliases, width = excluded.width, height = excluded.height, updated_at = now(),
      original_key = excluded.original_key, source_bytes = excluded.source_bytes,
      previous_source_hashes = case when item.source_hash = excluded.source_hash then item.previous_source_hashes else
        (array_prepend(item.source_hash, array_remove(item.previous_source_hashes, excluded.source_hash)))[1:4] end,
      thumb_hash = case when item.source_hash = excluded.source_hash then item.thumb_hash end,
      placeholder = case when item.source_hash = excluded.source_hash then item.placeholder end,
      placeholder_dark = case when item.source_hash = excluded.source_hash then item.placeholder_dark end,
      placeholder_clear = case when item.source_hash = excluded.source_hash then item.placeholder_clear end,
      palette = case when item.source_hash = excluded.source_hash then item.palette else '{}' end,
      palette_shares = case when item.source_hash = excluded.source_hash then item.palette_shares else '{}' end,
      is_monochrome = item.is_monochrome and item.source_hash = excluded.source_hash,
      fills_ground = item.fills_ground and item.source_hash = excluded.source_hash,
      suits_avif = item.suits_avif and item.source_hash = excluded.source_hash,
      is_slow = item.is_slow and item.source_hash = excluded.source_hash,
      dominant_color = case when item.source_hash = excluded.source_hash then item.dominant_color end,
      source_hash = excluded.source_hash
    returning xmax = 0 as is_new`,
  parameters: { ...AT, iconSetId: 'int4' },
  columns: { is_new: 'bool' },
})

export const RENAME_ITEMS = statement({
  name: 'rename-items',
  text: `
    update item i set name = f.title, tags = f.tags, alt = f.alt, aliases = f.aliases, updated_at = now()
    from upload_file f where ${STAGED} and f.original_key is null and f.code is null and i.source_key = f.source_key
      and (i.name, i.tags, i.alt, i.aliases) is distinct from (f.title, f.tags, f.alt, f.aliases)`,
  parameters: AT,
})

// Items that were there before: a new one has it from the start.
export const STATE_VISIBILITY = statement({
  name: 'state-visibility',
  text: `
    update item i set own_visibility = f.visibility, updated_at = now()
    from upload_file f where ${STAGED} and f.visibility is not null and i.source_key = f.source_key
      and i.own_visibility <> f.visibility
    returning i.id, i.own_visibility as visibility`,
  parameters: AT,
  columns: { id: 'int4', visibility: 'visibility' },
})

export const LOCK_REMOVED = statement({
  name: 'lock-leaving-items',
  text: `
    select i.id, coalesce(i.original_key, i.source_key) as original_key from item i
    where i.icon_set_id = :iconSetId and i.slug = any(:slugs::text[]) and not exists (
      select from take_down t where t.target_type = 'ITEM' and t.target_id = i.id and t.kind = 'TAKE_DOWN' and t.restored_at is null)
    order by i.id for update`,
  parameters: { iconSetId: 'int4', slugs: 'text[]' },
  columns: { id: 'int4', original_key: 'text' },
})

export const FIND_REFUSED = statement({
  name: 'find-refused-files',
  text: `select f.code, f.file, f.message from upload_file f where ${STAGED} and f.code is not null order by f.slug`,
  parameters: AT,
  columns: { code: 'text', file: 'text', message: 'text' },
})

// Includes unchanged items: missing pictures are made, usually none.
export const INSERT_CHUNKS = statement({
  name: 'cut-upload-chunks',
  text: `
    insert into upload_chunk (upload_id, item_ids, files)
    select :uploadId::int, array_agg(id order by id), array_agg(file order by id)
    from (
      select i.id, f.file, (row_number() over (order by i.id) - 1) / :chunkItems::int as chunk
      from upload_file f join item i on i.source_key = f.source_key where ${STAGED} and f.code is null
    ) as listed group by chunk order by chunk`,
  parameters: { ...AT, chunkItems: 'int4' },
})

export const COUNT_SET = statement({
  name: 'count-committed-set',
  text: `
    update upload set added_items = added_items + :added, changed_items = changed_items + :changed,
      removed_items = removed_items + :removed, refused_items = refused_items + :refused where id = :uploadId`,
  parameters: { uploadId: 'int4', added: 'int4', changed: 'int4', removed: 'int4', refused: 'int4' },
})
