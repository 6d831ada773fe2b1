import { IS_PRIVATE } from '../catalogue/visibility.ts'
import { parseSourceKey, RENDERER_VERSION, type SourcePath } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** What may be looked up: what is PRIVATE does not exist for anyone else. */
export interface Sees {
  readonly pg: Pg
  /** Whether PRIVATE things are shown; of one vendor, or null: of all. */
  readonly seesPrivate: { readonly vendorId: number | null } | null
}

/** SQL: whether the item, set or family with this alias may be looked up. */
const IS_SEEN = (row: string) =>
  `(not (${IS_PRIVATE(row)}) or :seesPrivate::bool and (:ofVendorId::int is null or ${row}.vendor_id = :ofVendorId))`
const SEEN = { seesPrivate: 'bool', ofVendorId: 'int4?' } as const
const valuesOf = ({ seesPrivate }: Sees) => ({
  seesPrivate: seesPrivate !== null,
  ofVendorId: seesPrivate?.vendorId ?? null,
})

/** An item and its last failed attempt. */
export interface ItemFacts {
  readonly id: number
  readonly uniqueId: string
  readonly name: string
  readonly sourceKey: string
  readonly sourceHash: string
  readonly originalKey: string
  readonly path: SourcePath
  readonly width: number | null
  readonly height: number | null
  readonly familyId: number
  readonly vendorId: number
  /** Of the failure of the current source with this renderer; 0 and null without one. */
  readonly attempts: number
  readonly failedAt: Date | null
}

/** By one of its unique columns. Null: there is none. */
export async function readItem(
  app: Sees,
  by: { readonly sourceKey: string } | { readonly uniqueId: string } | { readonly id: number },
): Promise<ItemFacts | null> {
  const keys = { id: null, uniqueId: null, sourceKey: null, ...by }
  const row = await READ_ITEM.get(app.pg, { ...keys, ...valuesOf(app), rendererVersion: RENDERER_VERSION })
  const path = row && parseSourceKey(row.sourceKey)
  return row && path ? { ...row, path } : null
}

const READ_ITEM = statement({
  name: 'read-explained-item',
  text: `
    select i.id, i.unique_id as "uniqueId", i.name, i.source_key as "sourceKey", i.source_hash as "sourceHash",
           coalesce(i.original_key, i.source_key) as "originalKey", i.width, i.height, i.family_id as "familyId",
           i.vendor_id as "vendorId", coalesce(f.attempts, 0) as attempts, f.last_at as "failedAt"
    from item i
    left join render_failure f on f.item_id = i.id and f.source_hash = i.source_hash and f.renderer_version = :rendererVersion
    where (i.id = :id or i.unique_id = :uniqueId or i.source_key = :sourceKey) and ${IS_SEEN('i')} limit 1`,
  parameters: { id: 'int4?', uniqueId: 'text?', sourceKey: 'text?', rendererVersion: 'text', ...SEEN },
  columns: {
    id: 'int4',
    uniqueId: 'text',
    name: 'text',
    sourceKey: 'text',
    sourceHash: 'text',
    originalKey: 'text',
    width: 'float8?',
    height: 'float8?',
    familyId: 'int4',
    vendorId: 'int4',
    attempts: 'int4',
    failedAt: 'timestamptz?',
  },
})

/** A family, set or vendor. */
export interface GroupFacts {
  readonly id: number
  readonly name: string
  readonly vendorId: number
  /** Null for a vendor. */
  readonly familyId: number | null
  /** The family's unique id; empty for a vendor. */
  readonly family: string
  readonly vendor: string
  readonly isPrivate: boolean
}

/** By node id, or by unique id among families and sets. Null: there is none. */
export async function readGroup(
  app: Sees,
  by: { readonly typename: 'Family' | 'IconSet' | 'Vendor'; readonly id: number } | { readonly uniqueId: string },
): Promise<(GroupFacts & { readonly typename: string }) | null> {
  const keys = { typename: null, id: null, uniqueId: null, ...by }
  return (await READ_GROUP.get(app.pg, { ...keys, ...valuesOf(app) })) ?? null
}

const READ_GROUP = statement({
  name: 'read-explained-group',
  text: `
    select 'Family' as typename, f.id, f.name, f.vendor_id as "vendorId", f.id as "familyId", f.unique_id as family, v.username as vendor,
           ${IS_PRIVATE('f')} as "isPrivate"
    from family f join vendor v on v.id = f.vendor_id
    where (f.unique_id = :uniqueId or (:typename = 'Family' and f.id = :id)) and ${IS_SEEN('f')}
    union all
    select 'IconSet', s.id, s.name, s.vendor_id, s.family_id, f.unique_id, v.username, ${IS_PRIVATE('s')}
    from icon_set s join family f on f.id = s.family_id join vendor v on v.id = s.vendor_id
    where (s.unique_id = :uniqueId or (:typename = 'IconSet' and s.id = :id)) and ${IS_SEEN('s')}
    union all
    select 'Vendor', v.id, v.name, v.id, null, '', v.username, false from vendor v where :typename = 'Vendor' and v.id = :id
    limit 1`,
  parameters: { typename: 'text?', id: 'int4?', uniqueId: 'text?', ...SEEN },
  columns: {
    typename: 'text',
    id: 'int4',
    name: 'text',
    vendorId: 'int4',
    familyId: 'int4?',
    family: 'text',
    vendor: 'text',
    isPrivate: 'bool',
  },
})
