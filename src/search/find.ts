import { type RawBuilder, sql } from 'kysely'
import type { PoolClient } from 'pg'
import type { Scope } from '../catalogue/scope.ts'
import type { ItemKind } from '../core/variant.ts'
import { fetchSql } from '../db/query.ts'
import { foldTag, PLACE } from './document.ts'
import type { Plan } from './plan.ts'

/** What items a search is limited to. */
export interface Filter {
  readonly scope: Scope
  /** Of a list that was made already. */
  readonly itemIds?: readonly number[]
  readonly kind?: ItemKind | null
  /** An item has all of them. */
  readonly tags?: readonly string[]
  /** One of them. */
  readonly familyIds?: readonly number[] | null
  /** One of them, by SPDX identifier or title. */
  readonly licenses?: readonly string[] | null
  readonly isMonochrome?: boolean | null
  /** `#rrggbb`: the main colour has the same name. */
  readonly color?: string | null
}

export type Sort = 'RELEVANCE' | 'NEWEST' | 'NAME' | 'RANDOM'

/** Where a row stands: its tier, and what ties are sorted by. */
export interface Position {
  readonly tier: number
  readonly keys: readonly (string | number)[]
}
export interface Found extends Position {
  readonly id: number
}

export interface Search {
  readonly plan: Plan
  readonly filter: Filter
  readonly sort: Sort
  readonly seed: number
}

export interface Page {
  /** Rows behind it, or before it if it goes backwards; null: from that end. */
  readonly from: Position | null
  readonly isBackward: boolean
  readonly limit: number
}

const ITEM_ID = sql.ref('s.item_id')
/** Types of the keys, for cursors: each ends with the item's id, so that no two rows are equal. */
export const KEY_TYPES = {
  ranked: ['string', 'string', 'number'],
  RELEVANCE: ['number'],
  NEWEST: ['number'],
  NAME: ['string', 'number'],
  RANDOM: ['number', 'number'],
} as const

/** How rows are sorted: by relevance only where there are words. */
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
 * The items of a page in their order, one tier after the other until it is full: a statement for each tier that it needs.
 * @param client with the settings of session.ts
 */
export async function findItems(client: PoolClient, search: Search, page: Page): Promise<Found[]> {
  const order = orderOf(search)
  const { plan, filter } = search
  const { tiers } = plan
  const few = order === 'ranked' && plan.itemsMax <= FEW_EXPECTED ? await findFew(client, search) : null
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
    // Tiers grow. From the beginning on all of the better ones is found already, and overlaps of long lists are expensive.
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
    // Rare words are found by their index and sorted; frequent ones by going through all in their order.
    const rows = await fetchSql(
      client,
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

/** So many are ranked here, all at once, instead of with a statement for each tier. */
const FEW_ITEMS = 400
/** What counts of words promise is more than there is: several are of one item. */
const FEW_EXPECTED = 800

/** All items that a ranked search finds, in their order; null where there are more than a few. */
async function findFew(client: PoolClient, search: Search): Promise<Found[] | null> {
  const rows = await fetchSql(
    client,
    sql<{ id: number; family_key: string; name_key: string; tokens: string[] }>`
      select s.item_id as id, s.family_key, s.name_key, s.tokens
      from (select * from item_search s where ${isFound(search)} offset 0) as s limit ${FEW_ITEMS + 1}`,
  )
  if (rows.length > FEW_ITEMS) return null
  const tiers = search.plan.tiers.map((lists) => lists.map((list) => new Set(list)))
  const tierOf = (tokens: readonly string[]) =>
    tiers.findIndex((lists) => lists.every((list) => tokens.some((token) => list.has(token))))
  return rows
    .map(({ id, family_key, name_key, tokens }) => ({ id, tier: tierOf(tokens), keys: [family_key, name_key, id] }))
    .sort(comparePositions)
}

/** As the database sorts: by bytes. */
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

/** Of all rows, sorted, those that a page has. */
function pageOf(all: readonly Found[], { from, isBackward, limit }: Page): Found[] {
  if (isBackward) return all.filter((row) => !from || comparePositions(row, from) < 0).slice(-limit)
  return all.filter((row) => !from || comparePositions(row, from) > 0).slice(0, limit)
}

/** Items of one word from which on 25 of them are found sooner in the order of all than by sorting; of two both may be rare. */
const FREQUENT_ITEMS = 5000
const FREQUENT_TIER = 2

const isFrequent = ({ tiers, items }: Plan, tier: number): boolean =>
  (tiers[tier]?.length ?? 0) === 0 || (tiers[tier]?.length === 1 && tier <= FREQUENT_TIER && items > FREQUENT_ITEMS)

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** All rows that the search finds, whatever their tier. */
export const isFound = ({ plan, filter }: Pick<Search, 'plan' | 'filter'>): RawBuilder<boolean> =>
  sql<boolean>`${sql.join([hasAll(plan.tiers.at(-1) ?? []), ...filterOf(filter)], sql` and `)}`

/** Whether there is any. */
export async function isAnyFound(client: PoolClient, search: Search): Promise<boolean> {
  if (!isWorded(search.plan)) return true
  const rows = await fetchSql(
    client,
    sql<{ id: number }>`select s.item_id as id from item_search s where ${isFound(search)} limit 1`,
  )
  return rows.length > 0
}

export async function countItems(client: PoolClient, search: Search): Promise<number> {
  const [row] = await fetchSql(
    client,
    sql<{ count: number }>`select count(*)::int as count from item_search s where ${isFound(search)}`,
  )
  return row?.count ?? 0
}

/** Of each list a document has one token. */
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
