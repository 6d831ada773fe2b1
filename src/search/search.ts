import type { PoolClient } from 'pg'
import type { Pg } from '../db/database.ts'
import { type Filter, type Found, findItems, isAnyFound, type Position, type Search, type Sort } from './find.ts'
import { type Plan, planMeant, planSearch } from './plan.ts'
import { inSearch } from './session.ts'
import type { Thesaurus } from './synonyms.ts'

export interface SearchDeps {
  readonly pg: Pg
  readonly thesaurus: Thesaurus
}

export interface Asked {
  readonly text?: string | null | undefined
  readonly filter: Filter
  readonly sort: Sort
  readonly seed: number
}

export interface AskedPage {
  /** How many rows. */
  readonly limit: number
  readonly isBackward: boolean
  /** Rows behind it, or before it if it goes backwards; null: from that end. */
  readonly from: Position | null
  /** What was looked for instead on the pages before. */
  readonly meant: string | null
}

export interface Result {
  /** What was looked for in the end: for counts and facets. */
  readonly search: Search
  readonly rows: readonly Found[]
  /** Whether it finds anything. */
  readonly isAny: boolean
}

/**
 * The items that a text finds, in their order: what was asked first, and only where that finds nothing what may have been meant.
 * A page goes on with what the first one found, so that an item added meanwhile changes no order. With a limit of 0 only what is
 * looked for is decided. Throws BAD_INPUT for a text that is too long.
 */
export async function search({ pg, thesaurus }: SearchDeps, asked: Asked, page: AskedPage): Promise<Result> {
  const { filter, sort, seed } = asked
  const attempt = (plan: Plan) => inSearch(pg, (client) => run(client, { plan, filter, sort, seed }, page))
  if (page.meant !== null) return await attempt(await planMeant({ pg, thesaurus }, page.meant))
  const { direct, others } = await planSearch({ pg, thesaurus }, asked.text)
  const result = await attempt(direct)
  if (page.from || result.isAny) return result
  for await (const plan of others()) {
    const other = await attempt(plan)
    if (other.isAny) return other
  }
  return result
}

async function run(client: PoolClient, asked: Search, page: AskedPage): Promise<Result> {
  const rows = page.limit === 0 ? [] : await findItems(client, asked, page)
  return { search: asked, rows, isAny: rows.length > 0 || (page.limit === 0 && (await isAnyFound(client, asked))) }
}
