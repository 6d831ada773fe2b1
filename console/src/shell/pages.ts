import type { IconName } from '../ui/icon.tsx'

interface NavPage {
  readonly path: string
  readonly name: string
  readonly icon: IconName
  /** Pressed after g. */
  readonly key: string
}

/** The pages of the rail, in its order. On a phone the first four are in the bar, and the others behind "More". */
export const PAGES: readonly NavPage[] = [
  { path: '/', name: 'Overview', icon: 'overview', key: 'o' },
  { path: '/catalogue', name: 'Catalogue', icon: 'catalogue', key: 'c' },
  { path: '/backfills', name: 'Backfills', icon: 'backfills', key: 'b' },
  { path: '/why', name: 'Why?', icon: 'why', key: 'w' },
]

/** What the console's own router shows; other links leave it. src/http/console.ts has the same list. */
export const CONSOLE_PATHS =
  /^\/(?:$|\?|(?:catalogue|item|why|backfills|families|layouts|uploads|operations)(?:[/?]|$))/

export const isCurrent = (page: NavPage, path: string): boolean =>
  page.path === '/'
    ? path === '/'
    : path === page.path ||
      path.startsWith(`${page.path}/`) ||
      (page.path === '/catalogue' && path.startsWith('/item/'))
