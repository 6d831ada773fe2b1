import type { ReactNode } from 'react'
import type { Scheme } from './use-scheme.ts'

/** The top bar of every page, with `children` in the middle. */
export function Bar({ scheme, onToggle, children }: { scheme: Scheme; onToggle: () => void; children?: ReactNode }) {
  return (
    <header className="bar">
      <a className="brand" href="/">
        Afterimage
      </a>
      <search className="search">{children}</search>
      <button className="scheme" type="button" aria-pressed={scheme === 'dark'} onClick={onToggle}>
        <span className="visually-hidden">Dark mode</span>
      </button>
    </header>
  )
}
