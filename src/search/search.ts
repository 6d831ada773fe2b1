import type { Pg } from '../db/database.ts'
import { type Found, findItems, isAnyFound, type Page, type Search } from './find.ts'
import { type Plan, planMeant, planSearch } from './plan.ts'
import type { Thesaurus } from './synonyms.ts'

export interface SearchDeps {
  readonly searchPool: Pg
  readonly thesaurus: Thesaurus
}

/** What a client searches for; a search without a text finds everything that the filter leaves. */
export interface SearchRequest extends Omit<Search, 'plan'> {
  readonly text?: string | null | undefined
}

export interface PageRequest extends Page {
  /** The corrected search used on earlier pages. */
  readonly meant: string | null
}

export interface Result {
  /** The search that was finally used, for counts and facets. */
  readonly search: Search
  readonly rows: readonly Found[]
  /** Whether the search finds anything. */
  readonly isAny: boolean
}

/** Searches in progress, by what was asked. */
const inProgress = new WeakMap<Pg, Map<string, Promise<Result>>>()

/**
 * The items that a text finds, in order. It searches for the text as given, and tries corrections only if that finds nothing, or little. Later
 * pages continue with the first page's search, so that an item added meanwhile does not change the order. With a limit of 0 it only
 * decides which search to use. A search in progress answers everybody who asks for the same meanwhile: documents follow their items with a
 * delay anyway. Throws BAD_INPUT for a text that is too long.
 */
export function search(deps: SearchDeps, asked: SearchRequest, page: PageRequest): Promise<Result> {
  const own = inProgress.get(deps.searchPool) ?? new Map<string, Promise<Result>>()
  inProgress.set(deps.searchPool, own)
  const key = JSON.stringify([asked, page])
  const joined = own.get(key)
  if (joined) return joined
  const started = find(deps, asked, page).finally(() => own.delete(key))
  own.set(key, started)
  return started
}

async function find(
  { searchPool: pg, thesaurus }: SearchDeps,
  asked: SearchRequest,
  page: PageRequest,
): Promise<Result> {
  const { filter, sort, seed } = asked
  const attempt = (plan: Plan) => run(pg, { plan, filter, sort, seed }, page)
  if (page.meant !== null) return await attempt(await planMeant({ pg, thesaurus }, page.meant))
  const { asGiven, direct, others } = await planSearch({ pg, thesaurus }, asked.text)
  if (page.from) return await attempt(asGiven)
  const result = await attempt(direct)
  if (result.isAny) return result
  for await (const plan of others()) {
    const other = await attempt(plan)
    if (other.isAny) return other
  }
  return result
}

async function run(pg: Pg, asked: Search, page: PageRequest): Promise<Result> {
  const rows = page.limit === 0 ? [] : await findItems(pg, asked, page)
  return { search: asked, rows, isAny: rows.length > 0 || (page.limit === 0 && (await isAnyFound(pg, asked))) }
}
