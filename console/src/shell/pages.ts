import type { ViewerQuery } from '../generated.ts'
import type { IconName } from '../ui/icon.tsx'

interface NavPage {
  readonly path: string
  readonly name: string
  readonly icon: IconName
  /** Pressed after g. */
  readonly key: string
  /** A vendor's token shows it with any of these scopes, and always without; null: it is for operators. */
  readonly vendorScopes: readonly string[] | null
}

/** The pages of the rail, in its order. On a phone the first four are in the bar, and the others behind "More". */
const PAGES: readonly NavPage[] = [
  { path: '/', name: 'Overview', icon: 'overview', key: 'o', vendorScopes: null },
  { path: '/catalogue', name: 'Catalogue', icon: 'catalogue', key: 'c', vendorScopes: [] },
  { path: '/families', name: 'Families', icon: 'families', key: 'f', vendorScopes: ['preview:write'] },
  { path: '/backfills', name: 'Backfills', icon: 'backfills', key: 'b', vendorScopes: ['backfill:write'] },
  { path: '/uploads', name: 'Uploads', icon: 'uploads', key: 'u', vendorScopes: [] },
  { path: '/why', name: 'Why?', icon: 'why', key: 'w', vendorScopes: null },
  {
    path: '/operations',
    name: 'Operations',
    icon: 'operations',
    key: 'p',
    vendorScopes: ['takedown:write', 'webhook:write', 'token:write', 'operations:read'],
  },
]

/** The pages of whoever is signed in: a vendor's token has its own catalogue, uploads, and what its scopes are for. */
export const pagesOf = (viewer: ViewerQuery['viewer'] | null): readonly NavPage[] =>
  viewer?.vendor
    ? PAGES.filter(
        ({ vendorScopes }) =>
          vendorScopes?.length === 0 || vendorScopes?.some((scope) => viewer.scopes.includes(scope)),
      )
    : PAGES

/** What the console's own router shows; other links leave it. src/http/console.ts has the same list. */
export const CONSOLE_PATHS =
  /^\/(?:$|\?|(?:catalogue|item|why|backfills|families|layouts|uploads|operations)(?:[/?]|$))/

/**
 * Why a page is not shown to whoever is signed in; null if it is. The first one leads a vendor to the catalogue, and those for operations
 * say for themselves which scope each needs.
 */
export function whyClosed(viewer: ViewerQuery['viewer'] | null, path: string): string | null {
  const page = PAGES.find((each) => isCurrent(each, path))
  if (!page || page.path === '/' || page.path === '/operations' || pagesOf(viewer).includes(page)) return null
  return page.vendorScopes === null
    ? 'This page is for operators.'
    : `This needs a token with the scope ${page.vendorScopes.join(' or ')}, which yours does not have.`
}

export const isCurrent = (page: NavPage, path: string): boolean =>
  page.path === '/'
    ? path === '/'
    : path === page.path ||
      path.startsWith(`${page.path}/`) ||
      (page.path === '/catalogue' && path.startsWith('/item/')) ||
      (page.path === '/families' && path === '/layouts')
