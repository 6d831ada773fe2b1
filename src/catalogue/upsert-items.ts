import { type ItemKind, uniqueIdOf } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'

/** An item to be written into the catalogue, with its vendor, family and set. */
export interface CatalogueItem {
  readonly vendor: { readonly username: string; readonly name: string }
  readonly family: { readonly uniqueId: string; readonly name: string }
  readonly iconSet: { readonly uniqueId: string; readonly name: string; readonly kind: ItemKind }
  readonly slug: string
  readonly name: string
  readonly sourceKey: string
  readonly sourceHash: string
  /** px that the SVG's root states, null where it states none or was not read. */
  readonly width: number | null
  readonly height: number | null
}

/**
 * Writes items that are new or have another source, with their vendors, families and sets: one statement for each kind.
 * Returns the source keys that were written; one that is missing belongs to another vendor's family or set.
 */
export async function upsertItems(pg: Pg, items: readonly CatalogueItem[]): Promise<ReadonlySet<string>> {
  if (items.length === 0) return new Set()
  const column = (pick: (item: CatalogueItem) => unknown) => items.map(pick)
  await pg.query(
    `insert into vendor (username, name) select distinct on (u) u, n from unnest($1::text[], $2::text[]) as t(u, n)
     on conflict (username) do nothing`,
    [column((item) => item.vendor.username), column((item) => item.vendor.name)],
  )
  await pg.query(
    `insert into family (unique_id, name, vendor_id)
     select distinct on (t.id) t.id, t.name, v.id from unnest($1::text[], $2::text[], $3::text[]) as t(id, name, vendor)
     join vendor v on v.username = t.vendor on conflict (unique_id) do nothing`,
    [
      column((item) => item.family.uniqueId),
      column((item) => item.family.name),
      column((item) => item.vendor.username),
    ],
  )
  await pg.query(
    `insert into icon_set (unique_id, name, kind, family_id, vendor_id)
     select distinct on (t.id) t.id, t.name, t.kind, f.id, f.vendor_id
     from unnest($1::text[], $2::text[], $3::item_kind[], $4::text[]) as t(id, name, kind, family)
     join family f on f.unique_id = t.family on conflict (unique_id) do nothing`,
    [
      column((item) => item.iconSet.uniqueId),
      column((item) => item.iconSet.name),
      column((item) => item.iconSet.kind),
      column((item) => item.family.uniqueId),
    ],
  )
  await pg.query(DISCARD_ORIGINALS, [column((item) => item.sourceKey), column((item) => item.sourceHash)])
  const written = await pg.query<{ source_key: string }>(UPSERT_ITEMS, [
    column((item) => uniqueIdOf(item.sourceKey)),
    column((item) => item.slug),
    column((item) => item.name),
    column((item) => item.iconSet.uniqueId),
    column((item) => item.sourceKey),
    column((item) => item.sourceHash),
    column((item) => item.width),
    column((item) => item.height),
    column((item) => item.iconSet.kind),
    column((item) => item.family.uniqueId),
    column((item) => item.vendor.username),
  ])
  return new Set(written.rows.map((item) => item.source_key))
}

// A key whose family or set belongs to another vendor joins no set.
// The earlier fingerprint is kept: URLs issued for it redirect to the current picture.
const UPSERT_ITEMS = `
  insert into item (unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, width, height)
  select t.id, t.slug, t.name, s.kind, s.id, s.family_id, s.vendor_id, t.source_key, t.source_hash, t.width, t.height
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[],
              $9::item_kind[], $10::text[], $11::text[])
    as t(id, slug, name, icon_set, source_key, source_hash, width, height, kind, family, vendor)
  join icon_set s on s.unique_id = t.icon_set and s.kind = t.kind
  join family f on f.id = s.family_id and f.unique_id = t.family
  join vendor v on v.id = f.vendor_id and v.username = t.vendor
  on conflict (source_key) do update set
    name = excluded.name, width = excluded.width, height = excluded.height, updated_at = now(),
    previous_source_hashes = (array_prepend(item.source_hash, array_remove(item.previous_source_hashes, excluded.source_hash)))[1:4],
    source_hash = excluded.source_hash, original_key = null, thumb_hash = null, dominant_color = null
  where item.source_hash <> excluded.source_hash
  returning source_key`

// Originals of uploads that an import replaces. Written before the items change; references are checked again before deletion.
const DISCARD_ORIGINALS = `
  insert into discarded_object (store, object_key, delete_after)
  select 'ORIGINALS', i.original_key, now() + interval '1 day'
  from unnest($1::text[], $2::text[]) as t(source_key, source_hash)
  join item i on i.source_key = t.source_key and i.source_hash <> t.source_hash
  where i.original_key is not null
  on conflict (store, object_key) do nothing`
