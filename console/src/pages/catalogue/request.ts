import type { CatalogueItemsQueryVariables, ItemFilter, ItemSort } from '../../generated.ts'

type Asked = Pick<CatalogueItemsQueryVariables, 'search' | 'filter' | 'scope' | 'sort' | 'seed'>

export const SORTS: readonly { readonly value: ItemSort; readonly label: string }[] = [
  { value: 'RELEVANCE', label: 'Best match' },
  { value: 'NAME', label: 'Name' },
  { value: 'NEWEST', label: 'Newest' },
  { value: 'RANDOM', label: 'Random' },
]

/** The most that the API takes. */
const SEARCH_MAX = 100
/** One order of RANDOM for a visit, so that Back finds the same one. */
const seed = Math.floor(Math.random() * 1_000_000)

/** What the address of the catalogue asks the API for. */
export function readRequest(state: Readonly<Record<string, string | undefined>>): Asked & { isFiltered: boolean } {
  const sort = SORTS.find(({ value }) => value === state.sort)?.value ?? 'RELEVANCE'
  const filter: ItemFilter = {
    ...(state.kind === 'ICON' || state.kind === 'ILLUSTRATION' ? { kind: state.kind } : {}),
    ...(state.color ? { color: state.color } : {}),
    ...(state.license ? { licenses: [state.license] } : {}),
    ...(state.tag ? { tags: [state.tag] } : {}),
    ...(state.families ? { families: [state.families] } : {}),
  }
  const isFiltered = Object.keys(filter).length > 0
  return {
    search: state.search?.slice(0, SEARCH_MAX) ?? null,
    filter: isFiltered ? filter : null,
    scope: scopeOf(state),
    sort,
    seed: sort === 'RANDOM' ? seed : null,
    isFiltered,
  }
}

function scopeOf({ set, family, vendor }: Readonly<Record<string, string | undefined>>): Asked['scope'] {
  if (set) return { iconSet: set }
  if (family) return { family }
  return vendor ? { vendor } : null
}
