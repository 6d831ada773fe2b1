import { z } from 'zod'
import { IN_COMPOSITES } from '../catalogue/visibility.ts'
import type { Layout } from '../core/layouts.ts'
import { type CompositePath, type ImageFormat, RENDERER_VERSION } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { JOINED_IMAGE, JOINED_IMAGE_COLUMNS, type StoredImage, storedImagesOf } from '../variants/locate.ts'
import { CAN_BE_SHOWN } from './find-candidates.ts'

const pickHashes = z.object({ membersHash: z.string(), recipeHash: z.string() }).readonly()
/** What determines a composite's version. */
export type PickHashes = z.output<typeof pickHashes>
/** Columns of JSON, which are null where there is no pick. */
const earlierPicks = z.array(pickHashes).nullable()

/** A family, one of its pictures, and the state of that picture. */
export interface LocatedComposite {
  readonly familyId: number
  readonly vendor: string
  readonly family: string
  readonly layout: Layout
  readonly format: ImageFormat
  /** The whole family. */
  readonly takenDown: boolean
  /** Null if none was ever stored, or if the family has nothing to show any more. */
  readonly pick: PickHashes | null
  /** False if the pick shows an item that has been taken down since. */
  readonly isClean: boolean
  /** Earlier picks, newest first. */
  readonly earlier: readonly PickHashes[]
  /** The current pick's picture under the key of each secret for which it exists, newest first. */
  readonly images: readonly StoredImage[]
}

/** The number of earlier picks whose URLs redirect: an unknown version costs a hash for each. */
export const EARLIER_MAX = 16

/** Reads everything that a request for a composite needs, in one indexed look-up. Null: there is no such family, or it is PRIVATE. */
export async function locateComposite(
  pg: Pg,
  wanted: Pick<CompositePath, 'vendor' | 'family'> & { readonly layout: Layout; readonly format: ImageFormat },
): Promise<LocatedComposite | null> {
  const { vendor, family, layout, format } = wanted
  const [row, ...others] = await LOCATE.all(pg, {
    family,
    vendor,
    layout: layout.name,
    format,
    earlierMax: EARLIER_MAX,
  })
  if (!row) return null
  return {
    familyId: row.id,
    vendor,
    family,
    layout,
    format,
    takenDown: row.taken_down,
    pick: pickOf(row.members_hash, row.recipe_hash),
    isClean: row.is_clean,
    earlier: earlierPicks.parse(row.earlier) ?? [],
    images: storedImagesOf([row, ...others]),
  }
}

const pickOf = (membersHash: string | null, recipeHash: string | null): PickHashes | null =>
  membersHash === null || recipeHash === null ? null : { membersHash, recipeHash }

const familyPick = z.object({ ...pickHashes.unwrap().shape, layout: z.string(), isClean: z.boolean() }).readonly()
/** A family's current pick of a layout. */
export type FamilyPick = z.output<typeof familyPick>
const currentPicks = z.array(familyPick).nullable()

/** The data for GraphQL's fields on a family's pictures. */
export interface FamilyPictures {
  readonly familyId: number
  readonly vendor: string
  readonly family: string
  readonly takenDown: boolean
  /** Whether any item of it can be shown. */
  readonly hasMembers: boolean
  readonly picks: readonly FamilyPick[]
}

/** The current picks of families, in one statement. */
export async function findPicks(pg: Pg, familyIds: readonly number[]): Promise<FamilyPictures[]> {
  const rows = await FIND_PICKS.all(pg, { familyIds, rendererVersion: RENDERER_VERSION })
  return rows.map((row) => ({
    familyId: row.id,
    vendor: row.username,
    family: row.unique_id,
    takenDown: row.taken_down,
    hasMembers: row.has_members,
    picks: currentPicks.parse(row.picks) ?? [],
  }))
}

/** SQL: whether a composite shows an item that was taken down, by itself or with its set, or that has become stricter than the family. */
export const SHOWS_HIDDEN = (composite: string) => `(
  exists (select from take_down t
          where t.restored_at is null and t.kind = 'TAKE_DOWN' and t.target_type = 'ITEM' and t.target_id = any(${composite}.members))
  or exists (select from icon_set s
             join take_down t on t.restored_at is null and t.kind = 'TAKE_DOWN' and t.target_type = 'ICON_SET' and t.target_id = s.id
             where s.family_id = ${composite}.family_id
               and exists (select from item i where i.id = any(${composite}.members) and i.icon_set_id = s.id))
  or exists (select from item i where i.id = any(${composite}.members) and not (${IN_COMPOSITES('i')})))`

/** SQL: whether the whole family is taken down. */
export const FAMILY_TAKEN_DOWN = (family: string) => `exists (
  select from take_down t where t.restored_at is null and t.kind = 'TAKE_DOWN'
    and (t.target_type, t.target_id) in (('FAMILY', ${family}.id), ('VENDOR', ${family}.vendor_id)))`

const LOCATE = statement({
  name: 'locate-composite',
  isPrepared: true,
  text: `
    select f.id, ${FAMILY_TAKEN_DOWN('f')} as taken_down, c.members_hash, c.recipe_hash,
           c.id is not null and not ${SHOWS_HIDDEN('c')} as is_clean,
           ${JOINED_IMAGE},
           (select json_agg(json_build_object('membersHash', e.members_hash, 'recipeHash', e.recipe_hash))
            from (select * from composite e where e.family_id = f.id and e.layout = :layout and not e.is_current
                  order by e.picked_at desc limit :earlierMax) as e) as earlier
    from family f join vendor v on v.id = f.vendor_id and v.username = :vendor
    left join composite c on c.family_id = f.id and c.layout = :layout and c.is_current
    left join image m on m.owner_type = 'FAMILY' and m.owner_id = f.id and m.preset = :layout and m.format = :format
      and m.recipe_hash = c.recipe_hash and m.source_hash = c.members_hash
    where f.unique_id = :family and f.visibility <> 'PRIVATE'`,
  parameters: { family: 'text', vendor: 'text', layout: 'text', format: 'image_format', earlierMax: 'int8' },
  columns: {
    id: 'int4',
    taken_down: 'bool',
    members_hash: 'text?',
    recipe_hash: 'text?',
    is_clean: 'bool',
    ...JOINED_IMAGE_COLUMNS,
    earlier: 'json?',
  },
})

const FIND_PICKS = statement({
  name: 'find-picks',
  isPrepared: true,
  text: `
    select f.id, f.unique_id, v.username, ${FAMILY_TAKEN_DOWN('f')} as taken_down, c.picks,
           case when c.is_clean then true
                else exists (select from item i where i.family_id = f.id and ${CAN_BE_SHOWN('i', ':rendererVersion')}) end as has_members
    from unnest(:familyIds::int[]) as wanted(id) join family f on f.id = wanted.id join vendor v on v.id = f.vendor_id
    cross join lateral (
      select json_agg(json_build_object('layout', layout, 'membersHash', members_hash, 'recipeHash', recipe_hash,
                                        'isClean', is_clean)) as picks, bool_and(is_clean) as is_clean
      from (select c.*, not ${SHOWS_HIDDEN('c')} as is_clean from composite c where c.family_id = f.id and c.is_current) as c
    ) as c`,
  parameters: { familyIds: 'int4[]', rendererVersion: 'text' },
  columns: { id: 'int4', unique_id: 'text', username: 'text', taken_down: 'bool', picks: 'json?', has_members: 'bool' },
})
