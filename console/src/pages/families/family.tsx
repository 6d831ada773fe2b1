import { useMemo } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import { useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import { FamilyName, type FamilyNameQuery } from '../../generated.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Picture } from '../../ui/picture.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { count, plural } from '../../words.ts'
import { CurrentPreview, Draft } from './draft.tsx'
import { previewsOperation, previewsVariables, readPreviews, useLayouts } from './layouts.ts'
import './families.css'

/** While a preview is composed, it may come at any moment. */
const EVERY_MS = 5000

/** A family's preview in every layout; another seed, and items that are always or never shown, before it is kept. */
export default function Family() {
  const { params } = useRoute()
  const uniqueId = params.id ?? ''
  const [state, set] = useUrlState()
  const layouts = useLayouts()
  const layout = layouts.find(({ name }) => name === state.layout) ?? layouts[0]
  const page = useQuery(FamilyName, { uniqueId })
  const operation = useMemo(() => previewsOperation(layouts), [layouts])
  const asked = useQuery(operation, previewsVariables(uniqueId, layouts), {
    everyMs: EVERY_MS,
    skip: layouts.length === 0,
  })
  const previews = readPreviews(asked.data, layouts)
  const family = page.data?.family ?? null
  if (page.error) return <Problem error={page.error} what="The family cannot be shown." onRetry={page.reload} />
  if (page.data && !family) return <Missing uniqueId={uniqueId} />
  const current = layout ? (previews[layouts.indexOf(layout)] ?? null) : null
  const why = whyNot('preview:write')
  return (
    <>
      <PageHead
        title={family?.name.slice(0, 200) ?? 'Family'}
        lead={family ? <Lead family={family} /> : <>&nbsp;</>}
        aside={<LinkButton href={`/catalogue?family=${uniqueId}`}>Its items</LinkButton>}
      />
      <ul class="layouts-strip" aria-label="Layouts">
        {layouts.map((each, at) => {
          const preview = previews[at]
          return (
            <li key={each.name}>
              <button
                type="button"
                class="layout-choice"
                aria-pressed={each === layout}
                onClick={() => set({ layout: each.name }, { replace: true })}
              >
                <span class="layout-picture">
                  {preview && <Picture src={preview.url} alt="" width={preview.width} height={preview.height} />}
                </span>
                <span class="row apart">
                  <strong class="clip">{each.name}</strong>
                  <span class="muted small nowrap">
                    {each.width} × {each.height}
                  </span>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      {asked.error && !asked.data && (
        <Problem error={asked.error} what="The previews cannot be shown." onRetry={asked.reload} />
      )}
      {layout && why && (
        <Section title="Now">
          <CurrentPreview layout={layout} preview={current} />
          <p class="muted">Another seed, pins and exclusions: {why}</p>
        </Section>
      )}
      {layout && !why && asked.data && (
        <Draft key={layout.name} family={uniqueId} layout={layout} current={current} onKept={asked.reload} />
      )}
    </>
  )
}

function Lead({ family: { vendor, items } }: { family: NonNullable<FamilyNameQuery['family']> }) {
  return (
    <span class="wrap">
      <a href={`/catalogue?vendor=${encodeURIComponent(vendor.username)}`}>{vendor.name}</a> ·{' '}
      <span title={count(items.totalCount)}>{plural(items.totalCount, 'item')}</span>
    </span>
  )
}

function Missing({ uniqueId }: { uniqueId: string }) {
  return (
    <>
      <PageHead title="There is no such family" />
      <Empty title={`No family has the id ${uniqueId.slice(0, 40)}.`}>
        <p>
          It may have been removed by its vendor: <a href="/families">all families</a>.
        </p>
      </Empty>
    </>
  )
}
