import { FamilyDocument } from '@afterimage/client'
import { useCallback } from 'react'
import { Bar } from './bar.tsx'
import { Grid, PAGE, WIDTHS } from './grid.tsx'
import { client } from './service.ts'
import { usePages } from './use-pages.ts'
import { useScheme } from './use-scheme.ts'

/** A family: its preview, which is also its og:image (head.ts), and all of its pictures. */
export function FamilyPage({ uniqueId }: { readonly uniqueId: string }) {
  const [scheme, toggle] = useScheme()
  const ask = useCallback(
    async (after: string | null, signal: AbortSignal) => {
      const variables = { uniqueId, first: PAGE, after, widths: WIDTHS }
      const { family } = await client.request(FamilyDocument, variables, { signal })
      if (!family) throw new Error('There is no such family.')
      return { ...family.items, about: family }
    },
    [uniqueId],
  )
  const { cards, about, error, loadMore } = usePages(ask)
  return (
    <>
      <Bar scheme={scheme} onToggle={toggle} />
      <main>
        <section className="hero">
          {/* Has the shape of the layout `card` even before it has loaded. */}
          <div className="preview">
            {about?.preview && (
              <img src={about.preview.url} width={about.preview.width} height={about.preview.height} alt="" />
            )}
          </div>
          <div>
            <h1>{about?.name}</h1>
            <p className="count" role="status">
              {error?.message ??
                (about && `${about.items.totalCount.toLocaleString('en')} pictures by ${about.vendor.name}`)}
            </p>
          </div>
        </section>
        <Grid cards={cards} scheme={scheme} onEnd={loadMore} />
      </main>
    </>
  )
}
