import type { Presets } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { fetchFirst, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import type { StoredImage } from './delete-images.ts'

/** Items that one statement examines. 1.5 million images of 500,000 items, none superseded: 4 s on two busy cores. */
const RANGE_ITEMS = 5000

/** What is current: pictures of these presets under keys of this secret. */
export interface Current {
  readonly presets: Presets
  readonly urlSecret: UrlSecret
}

/**
 * Images that are superseded, by ranges of items: another image of the same item, preset and format has the current source and recipe,
 * and both have existed for longer than the grace period; or the same picture exists under the key of a newer URL secret. An image without
 * such a successor stays.
 */
export async function* findSuperseded(pg: Pg, options: Current & { graceDays: number }): AsyncIterable<StoredImage[]> {
  const last = await fetchFirst(pg, query.selectFrom('item').select('id').orderBy('id', 'desc').limit(1))
  for (let afterId = 0; afterId < (last?.id ?? 0); afterId += RANGE_ITEMS) {
    const found = await FIND_IN_SPAN.all(pg, { ...valuesOf(options), afterId, toId: afterId + RANGE_ITEMS })
    if (found.length > 0) yield found
  }
}

/** The same for the given items only. */
export const findSupersededOf = (
  pg: Pg,
  { itemIds, ...options }: Current & { graceDays: number; itemIds: readonly number[] },
): Promise<StoredImage[]> => FIND_OF_ITEMS.all(pg, { ...valuesOf(options), itemIds })

const valuesOf = ({ presets, urlSecret, graceDays }: Current & { graceDays: number }) => ({
  urlSecretId: urlSecret.id,
  presets: [...presets.values()].map(({ name }) => name),
  recipeHashes: [...presets.values()].map(({ recipeHash }) => recipeHash),
  graceDays,
})

/**
 * Composites of picks that are not current, or under keys of older URL secrets, whose current picture has existed, in any format (by an
 * older secret: in the same), for longer than the grace period; family by
 * family after `afterFamilyId`, at most `limit`, or those of some families only.
 */
export async function findSupersededComposites(
  pg: Pg,
  options: Pick<Current, 'urlSecret'> & {
    graceDays: number
    afterFamilyId?: number
    limit: number
    familyIds?: readonly number[]
  },
): Promise<StoredImage[]> {
  const { urlSecret, graceDays, afterFamilyId = 0, familyIds = null, limit } = options
  return await FIND_COMPOSITES.all(pg, { urlSecretId: urlSecret.id, graceDays, afterFamilyId, familyIds, limit })
}

/** Deletes earlier picks without pictures, except the latest, whose URLs still redirect. */
export async function deleteOldPicks(pg: Pg, { kept }: { kept: number }): Promise<void> {
  await DELETE_OLD_PICKS.run(pg, { kept })
}

const COLUMNS = { imageId: 'int8', ownerId: 'int4', objectKey: 'text' } as const

const FIND_COMPOSITES = statement({
  name: 'find-superseded-composites',
  isPrepared: true,
  text: `
    select m.id as "imageId", m.owner_id as "ownerId", m.object_key as "objectKey"
    from image m
    where m.owner_type = 'FAMILY' and m.owner_id > :afterFamilyId
      and (:familyIds::int[] is null or m.owner_id = any(:familyIds)) and exists (
        select from composite c
        join image n on n.owner_type = 'FAMILY' and n.owner_id = c.family_id and n.preset = c.layout
          and n.recipe_hash = c.recipe_hash and n.source_hash = c.members_hash
        where c.family_id = m.owner_id and c.layout = m.preset and c.is_current and n.url_secret_id = :urlSecretId
          and ((c.members_hash, c.recipe_hash) <> (m.source_hash, m.recipe_hash)
            or (m.url_secret_id < :urlSecretId and n.format = m.format))
          and greatest(m.made_at, n.made_at, c.picked_at) <= now() - make_interval(days => :graceDays))
    order by m.owner_id, m.id limit :limit`,
  parameters: { urlSecretId: 'int4', graceDays: 'int4', afterFamilyId: 'int4', familyIds: 'int4[]?', limit: 'int8' },
  columns: COLUMNS,
})

const DELETE_OLD_PICKS = statement({
  name: 'forget-picks',
  text: `
    delete from composite c using (
      select id, row_number() over (partition by family_id, layout order by picked_at desc) as place
      from composite where not is_current
    ) as old
    where c.id = old.id and old.place > :kept and not c.is_current and not exists (
      select from image m where m.owner_type = 'FAMILY' and m.owner_id = c.family_id and m.preset = c.layout
        and m.recipe_hash = c.recipe_hash and m.source_hash = c.members_hash)`,
  parameters: { kept: 'int8' },
})

// Uses only the unique index to decide whether an image is current: `offset 0` keeps the planner from scanning the whole table for each range,
// and it is materialised because Postgres overestimates the rows. A current image is another row, and therefore another object: keys are unique.
const FIND = (inRange: string) => `
  with preset as (select * from unnest(:presets::text[], :recipeHashes::text[]) as t(name, recipe_hash)),
  old as materialized (
    select m.owner_id, m.preset, m.format, m.recipe_hash, m.source_hash, m.url_secret_id,
           p.recipe_hash as current_recipe, i.source_hash as current_source
    from item i
    cross join lateral (
      select m.owner_id, m.preset, m.format, m.recipe_hash, m.source_hash, m.url_secret_id
      from image m where m.owner_type = 'ITEM' and m.owner_id = i.id offset 0
    ) as m
    join preset p on p.name = m.preset
    where ${inRange}
      and (m.recipe_hash <> p.recipe_hash or m.source_hash <> i.source_hash or m.url_secret_id < :urlSecretId)
  )
  select m.id as "imageId", m.owner_id as "ownerId", m.object_key as "objectKey"
  from old
  join image m on m.owner_type = 'ITEM' and m.owner_id = old.owner_id and m.preset = old.preset
    and m.format = old.format and m.recipe_hash = old.recipe_hash and m.source_hash = old.source_hash
    and m.url_secret_id = old.url_secret_id
  join image c on c.owner_type = 'ITEM' and c.owner_id = old.owner_id and c.preset = old.preset
    and c.format = old.format and c.recipe_hash = old.current_recipe and c.source_hash = old.current_source
    and c.url_secret_id = :urlSecretId
  where greatest(m.made_at, c.made_at) <= now() - make_interval(days => :graceDays)
  order by m.owner_id, m.id`
const PARAMETERS = { presets: 'text[]', recipeHashes: 'text[]', urlSecretId: 'int4', graceDays: 'int4' } as const

const FIND_IN_SPAN = statement({
  name: 'find-superseded',
  isPrepared: true,
  text: FIND('i.id > :afterId and i.id <= :toId'),
  parameters: { ...PARAMETERS, afterId: 'int4', toId: 'int4' },
  columns: COLUMNS,
})

const FIND_OF_ITEMS = statement({
  name: 'find-superseded-of',
  isPrepared: true,
  text: FIND('i.id = any(:itemIds)'),
  parameters: { ...PARAMETERS, itemIds: 'int4[]' },
  columns: COLUMNS,
})
