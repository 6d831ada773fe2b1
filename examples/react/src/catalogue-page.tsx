import { FamiliesDocument, type FamiliesQuery, ItemsDocument } from '@afterimage/client'
import { useCallback, useDeferredValue, useEffect, useState } from 'react'
import { Bar } from './bar.tsx'
import { Grid, PAGE, WIDTHS } from './grid.tsx'
import { client } from './service.ts'
import { usePages } from './use-pages.ts'
import { useScheme } from './use-scheme.ts'

const PAUSE_MS = 150

/** All pictures, or those of a search, below the families. */
export function CataloguePage() {
  const [scheme, toggle] = useScheme()
  const [text, setText] = useState(() => new URLSearchParams(location.search).get('q') ?? '')
  const search = useSettled(text.trim())
  const ask = useCallback(
    async (after: string | null, signal: AbortSignal) => {
      const variables = { search: search || null, first: PAGE, after, widths: WIDTHS, withTotal: after === null }
      const { items } = await client.request(ItemsDocument, variables, { signal })
      return { ...items, about: { total: items.totalCount ?? 0, search } }
    },
    [search],
  )
  const { cards, about, error, loadMore } = usePages(ask)
  useEffect(() => {
    history.replaceState(null, '', search ? `?q=${encodeURIComponent(search)}` : location.pathname)
  }, [search])
  const shown = about?.search
  useEffect(() => {
    if (shown !== undefined) scrollTo({ top: 0 })
  }, [shown])
  return (
    <>
      <Bar scheme={scheme} onToggle={toggle}>
        <input
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder="Search pictures"
          aria-label="Search pictures"
          maxLength={100}
          autoComplete="off"
        />
      </Bar>
      <main>
        <h1 className="visually-hidden">Pictures</h1>
        <Families />
        <p className="count" role="status">
          {error ? `The pictures could not be loaded: ${error.message}` : about && sentenceOf(about)}
        </p>
        {/* A separate grid for each search, so that cards in both do not move. */}
        <Grid key={about?.search} cards={cards} scheme={scheme} onEnd={loadMore} />
      </main>
    </>
  )
}

const sentenceOf = ({ total, search }: { total: number; search: string }) =>
  search
    ? `${total === 0 ? 'Nothing' : total.toLocaleString('en')} found for “${search}”`
    : `${total.toLocaleString('en')} pictures`

/** The text, once it has not changed for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return useDeferredValue(settled)
}

type Family = FamiliesQuery['vendors']['nodes'][number]['families']['nodes'][number]

/** A row with a fixed height, so that the content below does not move. */
function Families() {
  const [families, setFamilies] = useState<readonly Family[]>([])
  useEffect(() => {
    const abort = new AbortController()
    client
      .request(FamiliesDocument, {}, { signal: abort.signal })
      .then(({ vendors }) => setFamilies(vendors.nodes.flatMap((vendor) => vendor.families.nodes)))
      // The grid below shows the error.
      .catch(() => {})
    return () => abort.abort()
  }, [])
  return (
    <nav className="families" aria-label="Families">
      {families.map(({ uniqueId, name, preview }) => (
        <a key={uniqueId} className="family" href={`/family/${uniqueId}`}>
          {preview && <img src={preview.url} width={preview.width} height={preview.height} alt="" />}
          <span>{name}</span>
        </a>
      ))}
    </nav>
  )
}
