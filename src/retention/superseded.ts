import type { Presets } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'

/** The image of a source or recipe that is not the current one any more. */
export interface Superseded {
  readonly imageId: string
  /** An item, or a composite's family. */
  readonly ownerId: number
  readonly objectKey: string
}

/** Items that one statement looks at. 1.5 million images of 500,000 items, none superseded: 4 s on two busy cores. */
const SPAN_ITEMS = 5000

/**
 * Images that are superseded, span by span of items: another one of the same item, preset and format has the current
 * source and recipe, and both have been there for longer than the grace period. An image without such a successor stays.
 */
export async function* findSuperseded(
  pg: Pg,
  options: { presets: Presets; graceDays: number },
): AsyncIterable<Superseded[]> {
  const { rows } = await pg.query<{ last: number }>('select coalesce(max(id), 0) as last from item')
  for (let from = 0; from < (rows[0]?.last ?? 0); from += SPAN_ITEMS) {
    const found = await find(pg, options, {
      name: 'find-superseded',
      where: 'i.id > $4 and i.id <= $5',
      values: [from, from + SPAN_ITEMS],
    })
    if (found.length > 0) yield found
  }
}

/** At least, since other processes may have presets that this one has not: theirs are seen every hour. */
const GONE_DAYS_MIN = 1

/** Presets that this process does not have and that no other one has had for longer than the grace period. */
export async function findGonePresets(pg: Pg, options: { presets: Presets; graceDays: number }): Promise<string[]> {
  const { rows } = await pg.query<{ preset: string }>(
    `select preset from preset_recipe where preset <> all($1::text[])
     group by preset having max(seen_at) <= now() - make_interval(days => $2) order by preset`,
    [[...options.presets.keys()], Math.max(options.graceDays, GONE_DAYS_MIN)],
  )
  return rows.map(({ preset }) => preset)
}

/** All images of these presets, span by span of items. */
export async function* findOfPresets(pg: Pg, presets: readonly string[]): AsyncIterable<Superseded[]> {
  const { rows } = await pg.query<{ last: number }>('select coalesce(max(id), 0) as last from item')
  for (let from = 0; from < (rows[0]?.last ?? 0); from += SPAN_ITEMS) {
    const { rows: found } = await pg.query(FIND_OF_PRESETS('owner_id > $2 and owner_id <= $3'), [
      presets,
      from,
      from + SPAN_ITEMS,
    ])
    if (found.length > 0) yield found.map(toSuperseded)
  }
}

/** Those of some items only. */
export async function findOfPresetsOf(
  pg: Pg,
  { presets, itemIds }: { presets: readonly string[]; itemIds: readonly number[] },
): Promise<Superseded[]> {
  const { rows } = await pg.query(FIND_OF_PRESETS('owner_id = any($2)'), [presets, itemIds])
  return rows.map(toSuperseded)
}

const FIND_OF_PRESETS = (inRange: string) => `
  select id, owner_id, object_key from image
  where owner_type = 'ITEM' and ${inRange} and preset = any($1::text[]) order by owner_id, id`

/** Forgets presets of which no picture is left. */
export async function forgetPresets(pg: Pg, presets: readonly string[]): Promise<void> {
  await pg.query('delete from preset_recipe where preset = any($1::text[])', [presets])
}

/** Those of some items only. */
export const findSupersededOf = (
  pg: Pg,
  options: { presets: Presets; graceDays: number; itemIds: readonly number[] },
): Promise<Superseded[]> =>
  find(pg, options, { name: 'find-superseded-of', where: 'i.id = any($4)', values: [options.itemIds] })

async function find(
  pg: Pg,
  { presets, graceDays }: { presets: Presets; graceDays: number },
  range: { name: string; where: string; values: unknown[] },
): Promise<Superseded[]> {
  const all = [...presets.values()]
  const { rows } = await pg.query({
    name: range.name,
    text: FIND(range.where),
    values: [all.map(({ name }) => name), all.map(({ recipeHash }) => recipeHash), graceDays, ...range.values],
  })
  return rows.map(toSuperseded)
}

const toSuperseded = (row: { id: string; owner_id: number; object_key: string }): Superseded => ({
  imageId: row.id,
  ownerId: row.owner_id,
  objectKey: row.object_key,
})

/**
 * Composites of another pick than the current one, whose picture has been there, in any format, for longer than the grace
 * period; family by family behind `afterFamilyId`, at most `limit`, or those of some families only.
 */
export async function findSupersededComposites(
  pg: Pg,
  options: { graceDays: number; afterFamilyId?: number; limit: number; familyIds?: readonly number[] },
): Promise<Superseded[]> {
  const { rows } = await pg.query({
    name: 'find-superseded-composites',
    text: FIND_COMPOSITES,
    values: [options.graceDays, options.afterFamilyId ?? 0, options.familyIds ?? null, options.limit],
  })
  return rows.map(toSuperseded)
}

/** Forgets earlier picks without pictures, but for the newest, whose URLs still redirect. */
export async function forgetPicks(pg: Pg, { kept }: { kept: number }): Promise<void> {
  await pg.query(FORGET_PICKS, [kept])
}

const FIND_COMPOSITES = `
  select m.id, m.owner_id, m.object_key
  from image m
  where m.owner_type = 'FAMILY' and m.owner_id > $2 and ($3::int[] is null or m.owner_id = any($3)) and exists (
    select from composite c
    join image n on n.owner_type = 'FAMILY' and n.owner_id = c.family_id and n.preset = c.layout
      and n.recipe_hash = c.recipe_hash and n.source_hash = c.members_hash
    where c.family_id = m.owner_id and c.layout = m.preset and c.is_current
      and (c.members_hash, c.recipe_hash) <> (m.source_hash, m.recipe_hash)
      and greatest(m.made_at, n.made_at, c.picked_at) <= now() - make_interval(days => $1))
  order by m.owner_id, m.id limit $4`

const FORGET_PICKS = `
  delete from composite c using (
    select id, row_number() over (partition by family_id, layout order by picked_at desc) as place
    from composite where not is_current
  ) as old
  where c.id = old.id and old.place > $1 and not c.is_current and not exists (
    select from image m where m.owner_type = 'FAMILY' and m.owner_id = c.family_id and m.preset = c.layout
      and m.recipe_hash = c.recipe_hash and m.source_hash = c.members_hash)`

// What is not current is decided in the unique index alone, and materialised: it is little, which Postgres cannot guess.
// A current image is another row, and so another object: keys are unique.
const FIND = (inRange: string) => `
  with preset as (select * from unnest($1::text[], $2::text[]) as t(name, recipe_hash)),
  old as materialized (
    select m.owner_id, m.preset, m.format, m.recipe_hash, m.source_hash,
           p.recipe_hash as current_recipe, i.source_hash as current_source
    from item i
    join image m on m.owner_type = 'ITEM' and m.owner_id = i.id
    join preset p on p.name = m.preset
    where ${inRange} and (m.recipe_hash <> p.recipe_hash or m.source_hash <> i.source_hash)
  )
  select m.id, m.owner_id, m.object_key
  from old
  join image m on m.owner_type = 'ITEM' and m.owner_id = old.owner_id and m.preset = old.preset
    and m.format = old.format and m.recipe_hash = old.recipe_hash and m.source_hash = old.source_hash
  join image c on c.owner_type = 'ITEM' and c.owner_id = old.owner_id and c.preset = old.preset
    and c.format = old.format and c.recipe_hash = old.current_recipe and c.source_hash = old.current_source
  where greatest(m.made_at, c.made_at) <= now() - make_interval(days => $3)
  order by m.owner_id, m.id`

/** Forgets images whose objects are gone. */
export async function forgetImages(pg: Pg, images: readonly Superseded[]): Promise<void> {
  await pg.query('delete from image where id = any($1::bigint[])', [images.map(({ imageId }) => imageId)])
}
