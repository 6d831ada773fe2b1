import { useSignal } from '@preact/signals'
import { useCallback, useEffect } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useUrlState } from '../../data/url-state.ts'
import { FamilyPreviews, type FamilyPreviewsQuery } from '../../generated.ts'
import { moveInGrid } from '../../shell/keys.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Segments } from '../../ui/form.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty } from '../../ui/notice.tsx'
import { Picture } from '../../ui/picture.tsx'
import { PageHead } from '../../ui/section.tsx'
import { useLayouts } from './layouts.ts'
import './families.css'

type Family = FamilyPreviewsQuery['families']['nodes'][number]

const PAGE = 24
/** The most that the API takes. */
const SEARCH_MAX = 100
/** A word that is being typed is not searched for at each letter. */
const SETTLED_MS = 250

/** All families by their previews, in one layout; each leads to where its preview is chosen. */
export default function Families() {
  const [state, set] = useUrlState()
  const layouts = useLayouts()
  const layout = layouts.find(({ name }) => name === state.layout) ?? layouts[0]
  return (
    <>
      <PageHead
        title="Families"
        lead="One picture for each family, composed of its items. Open one to reshuffle it, and to pin or exclude items."
        aside={<LinkButton href="/layouts">Layouts and presets</LinkButton>}
      />
      <div class="families-bar">
        <Search />
        {layout && (
          <Segments
            label="Layout"
            value={layout.name}
            choices={layouts.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => set({ layout: name === layouts[0]?.name ? '' : name }, { replace: true })}
          />
        )}
      </div>
      {layout && <List layout={layout.name} ratio={layout.width / layout.height} search={state.search ?? ''} />}
    </>
  )
}

function Search() {
  const [{ search = '' }, set] = useUrlState()
  const text = useSignal(search)
  useEffect(() => {
    const wanted = text.value.trim()
    const timer = setTimeout(() => wanted !== search && set({ search: wanted }, { replace: true }), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [text.value, search, set, text])
  return (
    <input
      class="input families-search"
      type="search"
      aria-label="Families with this name"
      placeholder="Name of a family"
      maxLength={SEARCH_MAX}
      value={text.value}
      onInput={({ currentTarget }) => {
        text.value = currentTarget.value
      }}
    />
  )
}

function List({ layout, ratio, search }: { layout: string; ratio: number; search: string }) {
  const load = useCallback<LoadPage<Family>>(
    async (after, signal) => {
      const variables = { layout, search: search.slice(0, SEARCH_MAX) || null, first: PAGE, after }
      return (await request(FamilyPreviews, variables, { signal })).families
    },
    [layout, search],
  )
  const list = useMore(load)
  if (list.nodes?.length === 0)
    return search ? (
      <Empty title="No family has this name.">
        <p>Parts of words are found too: try fewer letters.</p>
      </Empty>
    ) : (
      <Empty title="There is no family yet.">
        <p>
          A family comes with its first items: <code>npm run import -- PATH</code> imports a folder of SVGs.
        </p>
      </Empty>
    )
  return (
    <>
      <ul
        class={`families${ratio < 1.3 ? ' narrow' : ratio > 4 ? ' wide' : ''}`}
        onKeyDown={moveInGrid}
        aria-busy={!list.nodes}
      >
        {!list.nodes &&
          !list.error &&
          Array.from({ length: 6 }, (_, at) => (
            <li key={at} class="skeleton" style={{ aspectRatio: String(ratio * 0.9) }} />
          ))}
        {list.nodes?.map(({ uniqueId, name, vendor, preview }) => (
          <li key={uniqueId}>
            <a
              class="family"
              href={`/families/${uniqueId}?layout=${encodeURIComponent(layout)}`}
              title={name.slice(0, 300)}
            >
              <span class="family-picture" style={{ aspectRatio: String(ratio) }}>
                {preview && <Picture src={preview.url} alt="" width={preview.width} height={preview.height} />}
                {!preview && <span class="card-none">nothing to show</span>}
              </span>
              <span class="row apart family-foot">
                <strong class="clip">{name.slice(0, 120)}</strong>
                <span class="muted small clip">{vendor.name.slice(0, 60)}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      <More list={list} what="The families cannot be shown." />
    </>
  )
}
