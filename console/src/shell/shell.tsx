import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { isSignedIn, linkProblem, viewer } from '../data/session.ts'
import { Icon } from '../ui/icon.tsx'
import { Toasts } from '../ui/toast.tsx'
import { Account } from './account.tsx'
import { Connection } from './connection.tsx'
import { useShortcuts } from './keys.ts'
import { isCurrent, pagesOf } from './pages.ts'
import { SearchBox } from './search-box.tsx'

const IN_BAR = 4

/** The rail (on a phone: the bar), the head with search and account, and the page. */
export function Shell({ isLoading, children }: { isLoading: boolean; children: ComponentChildren }) {
  const { path } = useLocation()
  const main = useRef<HTMLElement>(null)
  const last = useRef(path)
  useShortcuts()
  useEffect(() => {
    // A screen reader begins with the new page, as after a load.
    if (last.current !== path) main.current?.focus({ preventScroll: true })
    last.current = path
  }, [path])
  const pages = pagesOf(viewer.value)
  const links = pages.map((page, at) => (
    <a
      key={page.path}
      href={page.path}
      class={`nav-link${at >= IN_BAR ? ' not-in-bar' : ''}`}
      aria-current={isCurrent(page, path) ? 'page' : undefined}
      title={`g then ${page.key}`}
    >
      <Icon name={page.icon} size={18} />
      <span>{page.name}</span>
    </a>
  ))
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <nav class="rail" aria-label="Pages">
        <a class="brand" href="/" aria-label="Afterimage: first page">
          <Logo />
          <span>Afterimage</span>
        </a>
        {links}
        {pages.length > IN_BAR && (
          <button
            type="button"
            class={`nav-link more${pages.slice(IN_BAR).some((page) => isCurrent(page, path)) ? ' current' : ''}`}
            popovertarget="more"
          >
            <Icon name="more" size={18} />
            <span>More</span>
          </button>
        )}
      </nav>
      {pages.length > IN_BAR && (
        <div id="more" popover="auto" class="panel more-panel">
          {pages.slice(IN_BAR).map((page) => (
            <a
              key={page.path}
              href={page.path}
              class="nav-link"
              aria-current={isCurrent(page, path) ? 'page' : undefined}
            >
              <Icon name={page.icon} size={18} />
              <span>{page.name}</span>
            </a>
          ))}
        </div>
      )}
      <header class="head">
        <SearchBox />
        <Account />
      </header>
      <Connection />
      <main id="main" class="page" ref={main} tabIndex={-1} aria-busy={isLoading}>
        {linkProblem.value && !isSignedIn.value && (
          <p class="notice wrap" role="alert">
            <Icon name="key" />
            {linkProblem.value}
          </p>
        )}
        {children}
      </main>
      <Toasts />
    </div>
  )
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent-fill)" />
      <circle cx="12.5" cy="16" r="6.5" fill="#fff" fill-opacity=".4" />
      <circle cx="19.5" cy="16" r="6.5" fill="#fff" />
    </svg>
  )
}
