import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import { type LoadPage, PAGE_SIZE, usePaged } from '../../data/paged.ts'
import { usePresets } from '../../data/presets.ts'
import { useQuery } from '../../data/query.ts'
import { viewer } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import { type CardFieldsFragment, CatalogueFacets, CatalogueItems } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { PageHead } from '../../ui/section.tsx'
import { VirtualGrid } from '../../ui/virtual-grid.tsx'
import { plural } from '../../words.ts'
import { Card } from './card.tsx'
import { Facets } from './facets.tsx'
import { readRequest } from './request.ts'
import { Scope } from './scope.tsx'
import './catalogue.css'

/** Vendors, families and sets on the way down, and below them the items of where one is, searched and filtered. */
export default function Catalogue() {
  const [given] = useUrlState()
  const vendor = viewer.value?.vendor?.username
  // A vendor's token shows that vendor's catalogue.
  const state = vendor ? { ...given, vendor } : given
  const { shown } = usePresets()
  const asked = readRequest(state)
  const { search, filter, scope } = asked
  const facets = useQuery(CatalogueFacets, { search, filter, scope })
  const total = facets.data?.items.totalCount ?? null
  const title = state.search ? `Search: ${state.search.slice(0, 80)}` : 'Catalogue'
  const isNarrowed = Boolean(state.search || asked.isFiltered)
  return (
    <>
      <PageHead
        title={title}
        lead={total === null ? <>&nbsp;</> : <Found total={total} didYouMean={facets.data?.items.didYouMean ?? null} />}
      />
      <Scope state={state} isSearching={isNarrowed} />
      <Facets facets={facets.data?.items.facets ?? null} />
      {facets.error && <Problem error={facets.error} what="The search failed." onRetry={facets.reload} />}
      {shown && !facets.error && <Items key={JSON.stringify(asked)} preset={shown} asked={asked} total={total} />}
    </>
  )
}

function Found({ total, didYouMean }: { total: number; didYouMean: string | null }) {
  return (
    <span class="wrap">
      {plural(total, 'item')}
      {didYouMean && (
        <>
          . Nothing has these words: this is what was found for <strong>{didYouMean}</strong>.
        </>
      )}
    </span>
  )
}

function Items({
  preset,
  asked,
  total,
}: {
  preset: string
  asked: ReturnType<typeof readRequest>
  total: number | null
}) {
  const { isFiltered, ...variables } = asked
  const [state, set] = useUrlState()
  const text = JSON.stringify(variables)
  const load = useCallback<LoadPage<CardFieldsFragment>>(
    async (after, signal) => {
      const given = JSON.parse(text) as typeof variables
      const { items } = await request(CatalogueItems, { ...given, preset, first: PAGE_SIZE, after }, { signal })
      return items
    },
    [text, preset],
  )
  const list = usePaged(`items ${preset} ${text}`, load)
  if (list.error && list.length === 0)
    return <Problem error={list.error} what="The items cannot be shown." onRetry={list.retry} />
  if (!list.hasMore && list.length === 0) {
    return state.search || isFiltered ? (
      <Empty title="Nothing matches.">
        <p>Try fewer words, or take away a filter. Names, aliases, tags, families and vendors are searched.</p>
        <p>
          <Button onClick={() => set({ search: '', kind: '', color: '', license: '', tag: '', families: '' })}>
            Show everything here
          </Button>
        </p>
      </Empty>
    ) : (
      <Empty title="There are no items here yet.">
        <p>
          <code>npm run import -- PATH</code> imports a folder of SVGs.
        </p>
      </Empty>
    )
  }
  return (
    <>
      <VirtualGrid list={list} label="Items" cellMin={128} footHeight={30} gap={16}>
        {(item) => <Card item={item} />}
      </VirtualGrid>
      {list.error && <Problem error={list.error} what="The next items cannot be shown." onRetry={list.retry} />}
      {!list.hasMore && total !== null && (
        <p class="muted small grid-end">That is all: {plural(list.length, 'item')}.</p>
      )}
    </>
  )
}
