import { type RawBuilder, sql } from 'kysely'
import type { Pg } from '../db/database.ts'
import { fetchSql } from '../db/query.ts'
import { hexOfColor } from './colors.ts'
import { isFound, type Search } from './find.ts'

/** A value, and how many of the items that a search finds have it. */
export interface Facet {
  /** In the form that filters take. */
  readonly value: string
  /** In the form that people read. */
  readonly label: string
  readonly count: number
}

export type FacetName = 'kinds' | 'families' | 'tags' | 'licenses' | 'colors'

const HIT = sql`(select s.item_id, s.family_id, s.kind from item_search s where `

const FACETS: Readonly<Record<FacetName, (found: RawBuilder<boolean>, max: number) => RawBuilder<Facet>>> = {
  kinds: (found, max) => sql`
    select kind::text as value, kind::text as label, count(*)::int as count from ${HIT} ${found}) as hit
    group by kind order by 3 desc, 1 limit ${max}`,
  families: (found, max) => sql`
    select f.unique_id as value, f.name as label, hit.count
    from (select family_id, count(*)::int as count from ${HIT} ${found}) as hit group by 1 order by 2 desc, 1 limit ${max}) as hit
    join family f on f.id = hit.family_id order by 3 desc, 2`,
  tags: (found, max) => sql`
    select tag as value, tag as label, count(*)::int as count
    from ${HIT} ${found}) as hit join item i on i.id = hit.item_id cross join unnest(i.tags) as tag
    group by 1 order by 3 desc, 1 limit ${max}`,
  licenses: (found, max) => sql`
    select coalesce(f.license_spdx, f.license_title) as value, min(f.license_title) as label, sum(hit.count)::int as count
    from (select family_id, count(*)::int as count from ${HIT} ${found}) as hit group by 1) as hit
    join family f on f.id = hit.family_id where f.license_title is not null
    group by 1 order by 3 desc, 1 limit ${max}`,
  colors: (found, max) => sql`
    select color_name(i.dominant_color) as value, color_name(i.dominant_color) as label, count(*)::int as count
    from ${HIT} ${found}) as hit join item i on i.id = hit.item_id where i.dominant_color is not null
    group by 1 order by 3 desc, 1 limit ${max}`,
}

/** The values of a facet with their counts, most common first, at most `max`. One statement that reads every item found. */
export async function countFacet(
  pg: Pg,
  search: Search,
  { name, max }: { name: FacetName; max: number },
): Promise<Facet[]> {
  const facets = await fetchSql(pg, FACETS[name](isFound(search), max))
  return name === 'colors' ? facets.map((facet) => ({ ...facet, value: hexOfColor(facet.value) })) : facets
}
