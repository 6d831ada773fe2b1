import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IN_COMPOSITES } from '../catalogue/visibility.ts'
import { RENDERER_VERSION } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** An item that a composite may show. */
export interface Candidate {
  readonly itemId: number
  readonly uniqueId: string
  readonly sourceKey: string
  readonly sourceHash: string
  /** Its key in the originals store. */
  readonly originalKey: string
  /** ThumbHash in base64; null if it was not rendered yet. */
  readonly thumbHash: string | null
  readonly iconSetId: number
  /** Number of candidates in its set, including those that are left out of a large one. */
  readonly ofSet: number
}

/** Per set: enough to find a picture's members among many near-duplicates. */
const PER_SET_MAX = 1000
/** For a family with very many sets. */
const CANDIDATES_MAX = 50_000

/**
 * All items of a family that may be shown: not taken down, not stricter than the family, not failed, not blank. From a large set, those that the seed ranks first, as
 * `rankOf` in pick.ts does. 10,000 items: about 100 ms.
 */
export async function findCandidates(
  pg: Pg,
  options: { familyId: number; seed: number; pinned: readonly number[]; excluded: readonly number[] },
): Promise<Candidate[]> {
  const { familyId, seed, pinned, excluded } = options
  return await FIND_CANDIDATES.all(pg, {
    familyId,
    rendererVersion: RENDERER_VERSION,
    excluded,
    pinned,
    seed: String(seed),
    perSetMax: PER_SET_MAX,
    candidatesMax: CANDIDATES_MAX,
  })
}

/** Those of the items that may be shown, in the given order; `ofSet` is 0. */
export const findMembers = (pg: Pg, itemIds: readonly number[]): Promise<Candidate[]> =>
  FIND_MEMBERS.all(pg, { itemIds, rendererVersion: RENDERER_VERSION })

const SELECTED = `
  i.id as "itemId", i.unique_id as "uniqueId", i.source_key as "sourceKey", i.source_hash as "sourceHash",
  coalesce(i.original_key, i.source_key) as "originalKey", i.thumb_hash as "thumbHash", i.icon_set_id as "iconSetId"`

/** SQL: the item can be shown. Transient failures are excluded too: a composite does not retry. */
export const CAN_BE_SHOWN = (
  item: string,
  rendererVersion: string,
) => `not ${TAKEN_DOWN(item)} and ${IN_COMPOSITES(item)} and not exists (
  select from render_failure f
  where f.item_id = ${item}.id and f.source_hash = ${item}.source_hash and f.renderer_version = ${rendererVersion})`

const COLUMNS = {
  itemId: 'int4',
  uniqueId: 'text',
  sourceKey: 'text',
  sourceHash: 'text',
  originalKey: 'text',
  thumbHash: 'text?',
  iconSetId: 'int4',
  ofSet: 'int4',
} as const

const FIND_CANDIDATES = statement({
  name: 'find-candidates',
  isPrepared: true,
  text: `
    select "itemId", "uniqueId", "sourceKey", "sourceHash", "originalKey", "thumbHash", "iconSetId", "ofSet" from (
      select ${SELECTED}, count(*) over (partition by i.icon_set_id)::int as "ofSet",
             row_number() over (partition by i.icon_set_id order by md5(:seed || ':' || i.unique_id)) as place
      from item i
      where i.family_id = :familyId and i.id <> all(:excluded::int[]) and ${CAN_BE_SHOWN('i', ':rendererVersion')}
    ) as candidate
    where place <= :perSetMax or "itemId" = any(:pinned::int[])
    order by place limit :candidatesMax`,
  parameters: {
    familyId: 'int4',
    rendererVersion: 'text',
    excluded: 'int4[]',
    pinned: 'int4[]',
    seed: 'text',
    perSetMax: 'int8',
    candidatesMax: 'int8',
  },
  columns: COLUMNS,
})

const FIND_MEMBERS = statement({
  name: 'find-members',
  isPrepared: true,
  text: `
    select ${SELECTED}, 0 as "ofSet"
    from unnest(:itemIds::int[]) with ordinality as m(id, place) join item i on i.id = m.id
    where ${CAN_BE_SHOWN('i', ':rendererVersion')}
    order by m.place`,
  parameters: { itemIds: 'int4[]', rendererVersion: 'text' },
  columns: COLUMNS,
})
