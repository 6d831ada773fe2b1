import { useEffect, useRef } from 'preact/hooks'
import { PageHead } from '../../ui/section.tsx'
import './operations.css'

const TABS = [
  ['/operations', 'Take-downs'],
  ['/operations/webhooks', 'Webhooks'],
  ['/operations/tokens', 'Tokens'],
  ['/operations/audit', 'Audit log'],
  ['/operations/delivery', 'Delivery'],
] as const

/** The head of the pages for operators, and the way between them. */
export function OperationsHead({ path, lead }: { path: (typeof TABS)[number][0]; lead: string }) {
  const [, title = ''] = TABS.find(([each]) => each === path) ?? []
  const tabs = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a phone they do not all fit.
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [path])
  return (
    <>
      <nav ref={tabs} class="tabs" aria-label="Operations">
        {TABS.map(([href, name]) => (
          <a key={href} href={href} class="tab" aria-current={href === path ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <PageHead title={title} lead={lead} />
    </>
  )
}

/** Instead of a page that the token does not show. */
export function Closed({ why }: { why: string }) {
  return <p class="notice">{why}</p>
}
