import { type ItemKind, uniqueIdOf } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { type Queryable, statement } from '../db/statement.ts'

/** An item to be written into the catalogue, with its vendor, family and set. */
export interface CatalogueItem {
  readonly vendor: { readonly username: string; readonly name: string }
  readonly family: { readonly uniqueId: string; readonly name: string; readonly terms?: FamilyTerms }
  readonly iconSet: { readonly uniqueId: string; readonly name: string; readonly kind: ItemKind }
  readonly slug: string
  readonly name: string
  readonly sourceKey: string
  readonly sourceHash: string
  /** px stated by the SVG's root; null if it states none or was not read. */
  readonly width: number | null
  readonly height: number | null
  /** What its source says about it besides the picture; if omitted, the catalogue's values are kept. */
  readonly facts?: ItemFacts
}

export interface ItemFacts {
  readonly tags: readonly string[]
  /** Other names that searches find it by. */
  readonly aliases: readonly string[]
  /** Emoji that it depicts. */
  readonly characters: readonly string[]
}

/** The terms under which a family's pictures may be used. */
export interface FamilyTerms {
  readonly licenseTitle: string | null
  readonly licenseSpdx: string | null
  readonly licenseUrl: string | null
  readonly attribution: string | null
  readonly author: string | null
}

/**
 * Writes items that are new or whose source has changed, with their vendors, families and sets: one statement for each kind. Returns the
 * source keys that were written; one that is missing belongs to another vendor's family or set.
 */
export async function upsertItems(pg: Pg, items: readonly CatalogueItem[]): Promise<ReadonlySet<string>> {
  if (items.length === 0) return new Set()
  const column = <T>(pick: (item: CatalogueItem) => T): T[] => items.map(pick)
  const vendors = column((item) => item.vendor.username)
  const families = column((item) => item.family.uniqueId)
  const iconSets = column((item) => item.iconSet.uniqueId)
  const kinds = column((item) => item.iconSet.kind)
  const sourceKeys = column((item) => item.sourceKey)
  const sourceHashes = column((item) => item.sourceHash)
  await ADD_VENDORS.run(pg, { vendors, names: column((item) => item.vendor.name) })
  await ADD_FAMILIES.run(pg, { families, names: column((item) => item.family.name), vendors })
  await ADD_SETS.run(pg, { iconSets, names: column((item) => item.iconSet.name), kinds, families })
  await DISCARD_ORIGINALS.run(pg, { sourceKeys, sourceHashes })
  const written = await UPSERT_ITEMS.all(pg, {
    uniqueIds: column((item) => uniqueIdOf(item.sourceKey)),
    slugs: column((item) => item.slug),
    names: column((item) => item.name),
    iconSets,
    sourceKeys,
    sourceHashes,
    widths: column((item) => item.width),
    heights: column((item) => item.height),
    kinds,
    families,
    vendors,
    tags: column((item) => JSON.stringify(item.facts?.tags ?? [])),
    aliases: column((item) => JSON.stringify(item.facts?.aliases ?? [])),
    characters: column((item) => JSON.stringify(item.facts?.characters ?? [])),
  })
  return new Set(written.map((item) => item.source_key))
}

/**
 * Updates what is known about items and their families besides the pictures, whether the pictures have changed or not. Rows that are
 * already up to date are not written.
 */
export async function describeItems(pg: Pg, items: readonly Omit<CatalogueItem, 'sourceHash'>[]): Promise<void> {
  const described = items.flatMap(({ sourceKey, facts }) => (facts ? [{ sourceKey, ...facts }] : []))
  if (described.length > 0)
    await DESCRIBE_ITEMS.run(pg, {
      sourceKeys: described.map((item) => item.sourceKey),
      tags: described.map((item) => JSON.stringify(item.tags)),
      aliases: described.map((item) => JSON.stringify(item.aliases)),
      characters: described.map((item) => JSON.stringify(item.characters)),
    })
  const families = new Map(
    items.flatMap(({ vendor: { username: vendor }, family: { uniqueId, terms } }) =>
      terms ? [[uniqueId, { uniqueId, vendor, terms }]] : [],
    ),
  )
  if (families.size > 0) await describeFamilies(pg, [...families.values()])
}

/** Writes the terms of a vendor's families. */
export async function describeFamilies(
  db: Queryable,
  families: readonly { readonly uniqueId: string; readonly vendor: string; readonly terms: FamilyTerms }[],
): Promise<void> {
  await DESCRIBE_FAMILIES.run(db, {
    families: families.map((family) => family.uniqueId),
    vendors: families.map((family) => family.vendor),
    titles: families.map(({ terms }) => terms.licenseTitle),
    spdx: families.map(({ terms }) => terms.licenseSpdx),
    urls: families.map(({ terms }) => terms.licenseUrl),
    attributions: families.map(({ terms }) => terms.attribution),
    authors: families.map(({ terms }) => terms.author),
  })
}

const DESCRIBE_ITEMS = statement({
  name: 'describe-items',
  text: `
    update item i set tags = t.tags, aliases = t.aliases, characters = t.characters, updated_at = now()
    from (
      select source_key, array(select json_array_elements_text(tags::json)) as tags,
             array(select json_array_elements_text(aliases::json)) as aliases,
             array(select json_array_elements_text(characters::json)) as characters
      from unnest(:sourceKeys::text[], :tags::text[], :aliases::text[], :characters::text[]) as t(source_key, tags, aliases, characters)
    ) as t
    where i.source_key = t.source_key and (i.tags, i.aliases, i.characters) is distinct from (t.tags, t.aliases, t.characters)`,
  parameters: { sourceKeys: 'text[]', tags: 'text[]', aliases: 'text[]', characters: 'text[]' },
})

const DESCRIBE_FAMILIES = statement({
  name: 'describe-families',
  text: `
    update family f set license_title = t.title, license_spdx = t.spdx, license_url = t.url, attribution = t.attribution, author = t.author
    from unnest(:families::text[], :vendors::text[], :titles::text[], :spdx::text[], :urls::text[], :attributions::text[],
                :authors::text[]) as t(id, vendor, title, spdx, url, attribution, author)
    join vendor v on v.username = t.vendor
    where f.unique_id = t.id and f.vendor_id = v.id
      and (f.license_title, f.license_spdx, f.license_url, f.attribution, f.author)
        is distinct from (t.title, t.spdx, t.url, t.attribution, t.author)`,
  parameters: {
    families: 'text[]',
    vendors: 'text[]',
    titles: 'text?[]',
    spdx: 'text?[]',
    urls: 'text?[]',
    attributions: 'text?[]',
    authors: 'text?[]',
  },
})

const ADD_VENDORS = statement({
  name: 'add-vendors',
  text: `
    insert into vendor (username, name) select distinct on (u) u, n from unnest(:vendors::text[], :names::text[]) as t(u, n)
    on conflict (username) do nothing`,
  parameters: { vendors: 'text[]', names: 'text[]' },
})

const ADD_FAMILIES = statement({
  name: 'add-families',
  text: `
    insert into family (unique_id, name, vendor_id)
    select distinct on (t.id) t.id, t.name, v.id
    from unnest(:families::text[], :names::text[], :vendors::text[]) as t(id, name, vendor)
    join vendor v on v.username = t.vendor on conflict (unique_id) do nothing`,
  parameters: { families: 'text[]', names: 'text[]', vendors: 'text[]' },
})

const ADD_SETS = statement({
  name: 'add-sets',
  text: `
    insert into icon_set (unique_id, name, kind, family_id, vendor_id)
    select distinct on (t.id) t.id, t.name, t.kind, f.id, f.vendor_id
    from unnest(:iconSets::text[], :names::text[], :kinds::item_kind[], :families::text[]) as t(id, name, kind, family)
    join family f on f.unique_id = t.family on conflict (unique_id) do nothing`,
  parameters: { iconSets: 'text[]', names: 'text[]', kinds: 'item_kind[]', families: 'text[]' },
})

// A key whose family or set belongs to another vendor is skipped. The previous fingerprint is kept: URLs issued for it redirect to the
// current picture.
const UPSERT_ITEMS = statement({
  name: 'upsert-items',
  text: `
    insert into item (unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, width, height,
                      tags, aliases, characters)
    select t.id, t.slug, t.name, s.kind, s.id, s.family_id, s.vendor_id, t.source_key, t.source_hash, t.width, t.height,
           array(select json_array_elements_text(t.tags::json)), array(select json_array_elements_text(t.aliases::json)),
           array(select json_array_elements_text(t.characters::json))
    from unnest(:uniqueIds::text[], :slugs::text[], :names::text[], :iconSets::text[], :sourceKeys::text[], :sourceHashes::text[], :widths::float8[], :heights::float8[],
                :kinds::item_kind[], :families::text[], :vendors::text[], :tags::text[], :aliases::text[], :characters::text[])
      with ordinality
      as t(id, slug, name, icon_set, source_key, source_hash, width, height, kind, family, vendor, tags, aliases, characters, position)
    join icon_set s on s.unique_id = t.icon_set and s.kind = t.kind
    join family f on f.id = s.family_id and f.unique_id = t.family
    join vendor v on v.id = f.vendor_id and v.username = t.vendor
    order by t.position
    on conflict (source_key) do update set
      name = excluded.name, width = excluded.width, height = excluded.height, updated_at = now(),
      previous_source_hashes = (array_prepend(item.source_hash, array_remove(item.previous_source_hashes, excluded.source_hash)))[1:4],
      source_hash = excluded.source_hash, original_key = null, source_bytes = null, thumb_hash = null, dominant_color = null,
      placeholder = null, placeholder_dark = null, placeholder_clear = null, palette = '{}', palette_shares = '{}',
      is_monochrome = false, fills_ground = false, suits_avif = false, is_slow = false
    where item.source_hash <> excluded.source_hash
    returning source_key`,
  parameters: {
    uniqueIds: 'text[]',
    slugs: 'text[]',
    names: 'text[]',
    iconSets: 'text[]',
    sourceKeys: 'text[]',
    sourceHashes: 'text[]',
    widths: 'float8?[]',
    heights: 'float8?[]',
    kinds: 'item_kind[]',
    families: 'text[]',
    vendors: 'text[]',
    tags: 'text[]',
    aliases: 'text[]',
    characters: 'text[]',
  },
  columns: { source_key: 'text' },
})

// Originals of uploads that an import replaces. Recorded before the items change; references are checked again before deletion.
const DISCARD_ORIGINALS = statement({
  name: 'discard-replaced-originals',
  text: `
    insert into discarded_object (store, object_key, delete_after)
    select 'ORIGINALS', i.original_key, now() + interval '1 day'
    from unnest(:sourceKeys::text[], :sourceHashes::text[]) as t(source_key, source_hash)
    join item i on i.source_key = t.source_key and i.source_hash <> t.source_hash
    where i.original_key is not null
    on conflict (store, object_key) do nothing`,
  parameters: { sourceKeys: 'text[]', sourceHashes: 'text[]' },
})
