import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IN_PLACE, IS_PRIVATE } from '../catalogue/visibility.ts'
import { FAMILY_TAKEN_DOWN, SHOWS_HIDDEN } from '../composites/locate.ts'
import { type ImageFormat, type Presets, printCompositeKey, printVariantKeyOf } from '../core/variant.ts'
import { type UrlSecret, versionOf } from '../core/version.ts'
import { placeKey } from '../core/visibility.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** The owners of pictures. */
export type Owner = 'ITEM' | 'FAMILY'

/** Pictures that exist, but not under the key of a secret. */
export interface Keys {
  readonly pg: Pg
  readonly presets: Presets
  readonly urlSecret: UrlSecret
}

/**
 * A current picture that is stored under the keys of other secrets alone, and the key where it belongs; both are private, or both public.
 */
export interface MovedImage {
  readonly imageId: string
  readonly ownerId: number
  readonly objectKey: string
  readonly newKey: string
}

/** The position after a picture, in the order of their owners. */
export type Position = Pick<MovedImage, 'ownerId' | 'imageId'>
export const START: Position = { ownerId: 0, imageId: '0' }

/** The next of them after a position, at most `limit`. @param options.only of these owners only */
export async function findMoved(
  { pg, presets, urlSecret }: Keys,
  owner: Owner,
  { after, limit, only = null }: { after: Position; limit: number; only?: readonly number[] | null },
): Promise<MovedImage[]> {
  const values = {
    ...valuesOf(presets, urlSecret),
    afterOwnerId: after.ownerId,
    afterImageId: after.imageId,
    only,
    limit,
  }
  const versionIn = (row: { sourceHash: string; recipeHash: string }) =>
    versionOf(urlSecret.value, row.sourceHash, row.recipeHash)
  if (owner === 'ITEM') {
    const rows = await FIND_MOVED_VARIANTS.all(pg, values)
    return rows.map(({ sourceKey, isPrivate, preset, format, ...row }) => {
      const key = printVariantKeyOf(sourceKey, { preset, version: versionIn(row), format: format as ImageFormat })
      return { ...row, newKey: placeKey(key, { isPrivate }) }
    })
  }
  const { presets: _, recipeHashes: __, ...ofFamilies } = values
  const rows = await FIND_MOVED_COMPOSITES.all(pg, ofFamilies)
  return rows.map(({ vendor, family, layout, format, ...row }) => ({
    ...row,
    newKey: printCompositeKey({ vendor, family, layout, version: versionIn(row), format: format as ImageFormat }),
  }))
}

/** How many there are, at most `max`. Scans every picture: some seconds for a million. */
export async function countMoved({ pg, presets, urlSecret }: Keys, { max }: { max: number }): Promise<number> {
  return (await COUNT_MOVED.get(pg, { ...valuesOf(presets, urlSecret), max }))?.count ?? 0
}

const valuesOf = (presets: Presets, urlSecret: UrlSecret) => ({
  presets: [...presets.values()].map(({ name }) => name),
  recipeHashes: [...presets.values()].map(({ recipeHash }) => recipeHash),
  urlSecretId: urlSecret.id,
})

/** SQL: the image `m` is the newest of its picture, and none has the key of this secret. @param isMeant of other images, `n` */
const HAS_MOVED = (isMeant: string) => `m.url_secret_id <> :urlSecretId and not exists (
      select from image n
      where n.owner_type = m.owner_type and n.owner_id = m.owner_id and n.preset = m.preset and n.format = m.format
        and n.recipe_hash = m.recipe_hash and n.source_hash = m.source_hash and ${isMeant}
        and (n.url_secret_id = :urlSecretId or n.url_secret_id > m.url_secret_id))`

/** SQL: current pictures of items, of presets and of transforms, that may be shown, and lie where the item's visibility requires. */
const MOVED_VARIANTS = `
    item i
    join image m on m.owner_type = 'ITEM' and m.owner_id = i.id and m.source_hash = i.source_hash
    where ${HAS_MOVED(IN_PLACE('n', 'i'))} and ${IN_PLACE('m', 'i')} and not ${TAKEN_DOWN('i')} and (m.used_at is not null
      or (m.preset, m.recipe_hash) in (select * from unnest(:presets::text[], :recipeHashes::text[])))`

/** SQL: current pictures of families that may be shown. */
const MOVED_COMPOSITES = `
    family f
    join vendor v on v.id = f.vendor_id
    join composite c on c.family_id = f.id and c.is_current
    join image m on m.owner_type = 'FAMILY' and m.owner_id = f.id and m.preset = c.layout
      and m.recipe_hash = c.recipe_hash and m.source_hash = c.members_hash
    where ${HAS_MOVED('true')} and not (${IS_PRIVATE('f')}) and not ${FAMILY_TAKEN_DOWN('f')} and not ${SHOWS_HIDDEN('c')}`

const IN_RANGE = `(m.owner_id, m.id) > (:afterOwnerId::int, :afterImageId::bigint)
      and (:only::int[] is null or m.owner_id = any(:only))
    order by m.owner_id, m.id limit :limit`
const RANGE = {
  urlSecretId: 'int4',
  afterOwnerId: 'int4',
  afterImageId: 'int8',
  only: 'int4[]?',
  limit: 'int8',
} as const
const PRESETS = { presets: 'text[]', recipeHashes: 'text[]' } as const

const IMAGE = `m.id as "imageId", m.owner_id as "ownerId", m.object_key as "objectKey", m.format::text as format,
           m.source_hash as "sourceHash", m.recipe_hash as "recipeHash"`
const IMAGE_COLUMNS = {
  imageId: 'int8',
  ownerId: 'int4',
  objectKey: 'text',
  format: 'text',
  sourceHash: 'text',
  recipeHash: 'text',
} as const

const FIND_MOVED_VARIANTS = statement({
  name: 'find-moved-variants',
  isPrepared: true,
  text: `
    select ${IMAGE}, m.preset, i.source_key as "sourceKey", ${IS_PRIVATE('i')} as "isPrivate"
    from ${MOVED_VARIANTS} and i.id >= :afterOwnerId and ${IN_RANGE}`,
  parameters: { ...PRESETS, ...RANGE },
  columns: { ...IMAGE_COLUMNS, preset: 'text', sourceKey: 'text', isPrivate: 'bool' },
})

const FIND_MOVED_COMPOSITES = statement({
  name: 'find-moved-composites',
  isPrepared: true,
  text: `
    select ${IMAGE}, m.preset as layout, v.username as vendor, f.unique_id as family
    from ${MOVED_COMPOSITES} and f.id >= :afterOwnerId and ${IN_RANGE}`,
  parameters: RANGE,
  columns: { ...IMAGE_COLUMNS, layout: 'text', vendor: 'text', family: 'text' },
})

const COUNT_MOVED = statement({
  name: 'count-moved',
  text: `
    select count(*)::int as count from (
      (select from ${MOVED_VARIANTS} limit :max) union all (select from ${MOVED_COMPOSITES} limit :max)
    ) as moved`,
  parameters: { ...PRESETS, urlSecretId: 'int4', max: 'int8' },
  columns: { count: 'int4' },
})
