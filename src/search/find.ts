import { type RawBuilder, sql } from 'kysely'
import type { Scope } from '../catalogue/scope.ts'
import type { ItemKind } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { fetchPrepared, fetchSql } from '../db/query.ts'
import { foldTag, PLACE } from './document.ts'
import type { Plan } from './plan.ts'

/** What items a search is limited to. */
export interface Filter {
  readonly scope: Scope
  /** Only items from this list. */
  readonly itemIds?: readonly number[]
  readonly kind?: ItemKind | null
  /** Items must have all of them. */
  readonly tags?: readonly string[]
  /** Items must be in one of them. */
  readonly familyIds?: readonly number[] | null
  /** Items must have one of them, by SPDX identifier or title. */
  readonly licenses?: readonly string[] | null
  readonly isMonochrome?: boolean | null
  /** `#rrggbb`: the items' main colour must have the same name. */
  readonly color?: string | null
}

export type Sort = 'RELEVANCE' | 'NEWEST' | 'NAME' | 'RANDOM'

/** The position of a row: its tier, and the keys that break ties. */
export interface Position {
  readonly tier: number
  readonly keys: readonly (string | number)[]
}
export interface Found extends Position {
  readonly id: number
}

/** A planned search: which items it finds, and in which order. */
export interface Search {
  readonly plan: Plan
  readonly filter: Filter
  readonly sort: Sort
  /** Determines the order of sort RANDOM. */
  readonly seed: number
}

export interface Page {
  /** Maximum number of rows. */
  readonly limit: number
  readonly isBackward: boolean
  /** Return the rows after it, or before it when paging backwards; null: start from that end. */
  readonly from: Position | null
}

const ITEM_ID = sql.ref('s.item_id')
/** The types of the keys, for cursors: each ends with the item's id, so that no two rows are equal. */
export const KEY_TYPES = {
  ranked: ['string', 'string', 'number'],
  RELEVANCE: ['number'],
  NEWEST: ['number'],
  NAME: ['string', 'number'],
  RANDOM: ['number', 'number'],
} as const

/** The order of the rows: by relevance only if the search has words. */
export const orderOf = ({ plan, sort }: Pick<Search, 'plan' | 'sort'>): keyof typeof KEY_TYPES =>
  sort === 'RELEVANCE' && isWorded(plan) ? 'ranked' : sort

const isWorded = (plan: Plan): boolean => plan.tiers.some((tier) => tier.length > 0)

function keysOf({ plan, sort, seed }: Search): RawBuilder<unknown>[] {
  switch (orderOf({ plan, sort })) {
    case 'ranked':
      return [sql.ref('s.family_key'), sql.ref('s.name_key'), ITEM_ID]
    case 'NAME':
      return [sql.ref('s.name_key'), ITEM_ID]
    case 'RANDOM':
      return [sql`(hashint4extended(s.item_id, ${seed}::int8) & 2147483647)::int`, ITEM_ID]
    default:
      return [ITEM_ID]
  }
}

/**
 * The items of a page in order, one tier after another until it is full, with one statement per tier needed.
 * @param pg the pool for searches
 */
export async function findItems(pg: Pg, search: Search, page: Page): Promise<Found[]> {
  const order = orderOf(search)
  const { plan, filter } = search
  const { tiers } = plan
  const few = order === 'ranked' && plan.itemsMax <= FEW_EXPECTED ? await findFew(pg, search) : null
  if (few) return pageOf(few, page)
  const first = order === 'ranked' ? 0 : tiers.length - 1
  const isDown = page.isBackward !== (order === 'NEWEST')
  const keys = keysOf(search)
  const found: Found[] = []
  const step = page.isBackward ? -1 : 1
  const start = page.from?.tier ?? (page.isBackward ? tiers.length - 1 : first)
  for (let tier = start; tier >= first && tier < tiers.length && found.length < page.limit; tier += step) {
    const [own = [], better] = [tiers[tier], tier > first ? tiers[tier - 1] : undefined]
    if (better && isSame(own, better)) continue
    const conditions = [hasAll(own), ...filterOf(filter)]
    // Each tier includes the better ones. On a first page those are already found, and overlaps of long lists are expensive.
    if (better)
      conditions.push(
        page.from || page.isBackward
          ? sql`not ${hasAll(better)}`
          : sql`s.item_id <> all(${found.map(({ id }) => id)}::int[])`,
      )
    if (page.from?.tier === tier)
      conditions.push(
        sql`(${sql.join(keys)}) ${isDown ? sql`<` : sql`>`} (${sql.join(page.from.keys.map((key) => sql`${key}`))})`,
      )
    const all = sql`select * from item_search s where ${sql.join(conditions, sql` and `)}`
    // Rare words are found by their index and sorted; for frequent ones, all rows are scanned in order.
    const rows = await fetchSql(
      pg,
      sql<{ keys: (string | number)[]; id: number }>`
        select s.item_id as id, json_build_array(${sql.join(keys)}) as keys
        from (${all}${isFrequent(plan, tier) ? sql`` : sql` offset 0`}) as s
        order by ${sql.join(keys.map((key) => (isDown ? sql`${key} desc` : key)))}
        limit ${page.limit - found.length}`,
    )
    found.push(...rows.map(({ id, keys: values }) => ({ id, tier, keys: values })))
  }
  return page.isBackward ? found.reverse() : found
}

/** Up to this many rows are ranked here at once, instead of with one statement per tier. */
const FEW_ITEMS = 400
/** The word counts overestimate the result, because several words may belong to one item. */
const FEW_EXPECTED = 800

/** All items that a ranked search finds, in order; null if there are more than a few. */
async function findFew(pg: Pg, search: Search): Promise<Found[] | null> {
  // Planning would take twice as long as running it.
  const rows = await fetchPrepared(
    pg,
    // Splitting a text takes a fifth of the time of parsing an array.
    sql<{ id: number; family_key: string; name_key: string; tokens: string }>`
      select s.item_id as id, s.family_key, s.name_key, array_to_string(s.tokens, ${SEPARATOR}) as tokens
      from (select * from item_search s where ${isFound(search)} offset 0 limit ${FEW_ITEMS + 1}) as s order by 2, 3, 1`,
  )
  if (rows.length > FEW_ITEMS) return null
  const tiers = search.plan.tiers.map((lists) => lists.map((list) => new Set(list)))
  const tierOf = (tokens: readonly string[]) =>
    tiers.findIndex((lists) => lists.every((list) => tokens.some((token) => list.has(token))))
  return rows
    .map(({ id, family_key, name_key, tokens }) => ({
      id,
      tier: tierOf(tokens.split(SEPARATOR)),
      keys: [family_key, name_key, id],
    }))
    .sort((a, b) => a.tier - b.tier)
}

/** It splits no word: only tags without letters and digits may contain it. */
const SEPARATOR = '\n'

/** Sorts like the database: by bytes. */
function comparePositions(a: Position, b: Position): number {
  if (a.tier !== b.tier) return a.tier - b.tier
  for (const [at, key] of a.keys.entries()) {
    const other = b.keys[at] ?? 0
    const order =
      typeof key === 'number' ? key - Number(other) : Buffer.compare(Buffer.from(key), Buffer.from(String(other)))
    if (order !== 0) return order
  }
  return 0
}

/** The rows of a page, taken from all rows in order. */
function pageOf(all: readonly Found[], { from, isBackward, limit }: Page): Found[] {
  if (isBackward) return all.filter((row) => !from || comparePositions(row, from) < 0).slice(-limit)
  return all.filter((row) => !from || comparePositions(row, from) > 0).slice(0, limit)
}

/** From this many items with one word, scanning in order finds 25 of them faster than sorting; with two words, both may be rare. */
const FREQUENT_ITEMS = 5000
const FREQUENT_TIER = 2

const isFrequent = ({ tiers, items }: Plan, tier: number): boolean =>
  (tiers[tier]?.length ?? 0) === 0 || (tiers[tier]?.length === 1 && tier <= FREQUENT_TIER && items > FREQUENT_ITEMS)

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The condition for all rows that the search finds, whatever their tier. */
export const isFound = ({ plan, filter }: Pick<Search, 'plan' | 'filter'>): RawBuilder<boolean> =>
  sql<boolean>`${sql.join([hasAll(plan.tiers.at(-1) ?? []), ...filterOf(filter)], sql` and `)}`

/** Whether the search finds any item. */
export async function isAnyFound(pg: Pg, search: Search): Promise<boolean> {
  if (!isWorded(search.plan)) return true
  const rows = await fetchSql(
    pg,
    sql<{ id: number }>`select s.item_id as id from item_search s where ${isFound(search)} limit 1`,
  )
  return rows.length > 0
}

/** The number of items that the search finds. It reads all of them. */
export async function countItems(pg: Pg, search: Search): Promise<number> {
  const [row] = await fetchSql(
    pg,
    sql<{ count: number }>`select count(*)::int as count from item_search s where ${isFound(search)}`,
  )
  return row?.count ?? 0
}

/** The condition that a document has at least one token from each list. */
const hasAll = (lists: readonly (readonly string[])[]): RawBuilder<boolean> =>
  lists.length === 0
    ? sql`true`
    : sql`(${sql.join(
        lists.map((list) => sql`s.tokens && ${list}::text[]`),
        sql` and `,
      )})`

function filterOf(filter: Filter): RawBuilder<boolean>[] {
  const { scope, itemIds, kind, tags = [], familyIds, licenses, isMonochrome, color } = filter
  const all: RawBuilder<boolean>[] = []
  if (itemIds) all.push(sql`s.item_id = any(${itemIds}::int[])`)
  if (scope.vendorId !== null) all.push(sql`s.vendor_id = ${scope.vendorId}`)
  if (scope.familyId !== null) all.push(sql`s.family_id = ${scope.familyId}`)
  if (scope.iconSetId !== null) all.push(sql`s.icon_set_id = ${scope.iconSetId}`)
  if (kind) all.push(sql`s.kind = ${kind}::item_kind`)
  if (tags.length > 0) all.push(sql`s.tokens @> ${tags.map((tag) => PLACE.tag + foldTag(tag))}::text[]`)
  if (familyIds) all.push(sql`s.family_id = any(${familyIds}::int[])`)
  if (licenses)
    all.push(
      sql`s.family_id in (select id from family where license_spdx = any(${licenses}::text[]) or license_title = any(${licenses}::text[]))`,
    )
  if (typeof isMonochrome === 'boolean')
    all.push(sql`exists (select from item i where i.id = s.item_id and is_flat_hash(i.thumb_hash) = ${isMonochrome})`)
  if (color)
    all.push(sql`s.item_id in (select i.id from item i where color_name(i.dominant_color) = color_name(${color}))`)
  return all
}
