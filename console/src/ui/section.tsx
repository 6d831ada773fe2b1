import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

/** A part of a page below a hairline. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string
  aside?: ComponentChildren
  children: ComponentChildren
}) {
  return (
    <section class="section" aria-label={title}>
      <header class="section-head">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** The top of a page: its heading, which is also the tab's title. */
export function PageHead({
  title,
  lead,
  aside,
  children,
}: {
  title: string
  lead?: ComponentChildren
  aside?: ComponentChildren
  children?: ComponentChildren
}) {
  useEffect(() => {
    document.title = `${title} · Afterimage`
  }, [title])
  return (
    <header class="page-head">
      <div class="page-title">
        <h1 class="wrap">{children ?? title}</h1>
        {lead && <p class="muted">{lead}</p>}
      </div>
      {aside && <div class="row wrapping">{aside}</div>}
    </header>
  )
}
