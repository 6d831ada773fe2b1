import { setImmediate as nextTurn } from 'node:timers/promises'
import { appearanceDifference } from '../core/appearance.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { decodeLook } from './look.ts'

export type Similarity = 'LOOK' | 'NAME' | 'COLOR'

/** An item and its distance from the one asked about: 0 is identical. */
export interface Neighbour {
  readonly id: number
  readonly distance: number
}

/** Maximum number of items compared: of those that share a word or a colour, and for LOOK as many again of the same set. */
const CANDIDATES_MAX = 2000
/** Pictures compared before other requests get their turn: some 5 ms. */
const LOOKS_AT_ONCE = 500
const DISTANCE_MAX = 2 ** 31 - 1

/**
 * The PUBLIC items most similar to another one, most similar first, at most 100. LOOK compares the ThumbHashes of items that share a word of its
 * name or are in its set; NAME counts shared words; COLOR compares the main colours of items whose colour has the same name. Empty for
 * LOOK and COLOR if the item has not been rendered yet.
 */
export async function findSimilar(pg: Pg, { itemId, by }: { itemId: number; by: Similarity }): Promise<Neighbour[]> {
  const near = await (by === 'LOOK' ? findAlike(pg, itemId) : findNear(pg, { itemId, by }))
  return near
    .filter(({ id }) => id !== itemId)
    .sort((a, b) => a.distance - b.distance || a.id - b.id)
    .slice(0, SIMILAR_MAX)
}

const SIMILAR_MAX = 100

const findNear = (pg: Pg, { itemId, by }: { itemId: number; by: 'NAME' | 'COLOR' }): Promise<Neighbour[]> =>
  (by === 'NAME' ? SHARING : OF_COLOR).all(pg, { itemId, max: CANDIDATES_MAX })

async function findAlike(pg: Pg, itemId: number): Promise<Neighbour[]> {
  const candidates = await LOOKING.all(pg, { itemId, max: CANDIDATES_MAX })
  const own = candidates.find(({ id }) => id === itemId)
  if (!own) return []
  const look = decodeLook(own.thumb_hash)
  const near: Neighbour[] = []
  for (const [at, { id, thumb_hash }] of candidates.entries()) {
    if (at % LOOKS_AT_ONCE === 0) await nextTurn()
    const difference = appearanceDifference(look, decodeLook(thumb_hash))
    near.push({ id, distance: Math.min(Math.round(difference), DISTANCE_MAX) })
  }
  return near
}

/** SQL for the words of the item's own name, as name tokens. */
const OWN = `(select coalesce(array_agg(token), '{}') from item_search o cross join unnest(o.tokens) as token
             where o.item_id = :itemId and token ~ '^1')`

const SHARING = statement({
  name: 'find-items-sharing-words',
  text: `
    select s.item_id as id, (cardinality(own.tokens) - shared.count) * 100 + least(cardinality(s.tokens), 99) as distance
    from (select ${OWN} as tokens) as own
    cross join lateral (select item_id, tokens from item_search where tokens && own.tokens limit 20000) as s
    cross join lateral (select count(*)::int as count from unnest(own.tokens) as t where t = any(s.tokens)) as shared
    order by 2, 1 limit :max`,
  parameters: { itemId: 'int4', max: 'int8' },
  columns: { id: 'int4', distance: 'int4' },
})

// Squared differences, weighted for perception: https://www.compuphase.com/cmetric.htm, without its correction for red.
const OF_COLOR = statement({
  name: 'find-items-of-color',
  text: `
    with own as (select dominant_color as color from item where id = :itemId)
    select i.id, (2 * power(c.r - o.r, 2) + 4 * power(c.g - o.g, 2) + 3 * power(c.b - o.b, 2))::int as distance
    from own cross join lateral (
      select id, dominant_color as color from item where color_name(dominant_color) = color_name(own.color) and visibility = 'PUBLIC' order by id limit :max
    ) as i
    cross join lateral (select get_byte(h, 0) as r, get_byte(h, 1) as g, get_byte(h, 2) as b from decode(substr(i.color, 2), 'hex') as h) as c
    cross join lateral (select get_byte(h, 0) as r, get_byte(h, 1) as g, get_byte(h, 2) as b from decode(substr(own.color, 2), 'hex') as h) as o`,
  parameters: { itemId: 'int4', max: 'int8' },
  columns: { id: 'int4', distance: 'int4' },
})

const LOOKING = statement({
  name: 'find-items-looking-alike',
  text: `
    with own as (select id, icon_set_id, thumb_hash from item where id = :itemId and thumb_hash is not null)
    select id, thumb_hash from own
    union
    (select i.id, i.thumb_hash from own cross join item_search s join item i on i.id = s.item_id
     where s.tokens && ${OWN} and i.thumb_hash is not null limit :max)
    union
    (select i.id, i.thumb_hash from own join item i on i.icon_set_id = own.icon_set_id
     where i.thumb_hash is not null and i.visibility = 'PUBLIC' order by i.id limit :max)`,
  parameters: { itemId: 'int4', max: 'int8' },
  columns: { id: 'int4', thumb_hash: 'text' },
})
