import { useUrlState } from '../../data/url-state.ts'
import type { CatalogueFacetsQuery } from '../../generated.ts'
import { Select } from '../../ui/form.tsx'
import { short } from '../../words.ts'
import { SORTS } from './request.ts'

type FacetsOf = CatalogueFacetsQuery['items']['facets']
type Facet = FacetsOf['kinds'][number]

const KINDS: Readonly<Record<string, string>> = { ICON: 'Icons', ILLUSTRATION: 'Illustrations' }

/** What the found items have in common, to be narrowed by; and their order. */
export function Facets({ facets }: { facets: FacetsOf | null }) {
  const [state, set] = useUrlState()
  const choose = (name: string) => (value: string) => set({ [name]: state[name] === value ? '' : value })
  const sort = SORTS.find(({ value }) => value === state.sort)?.value ?? 'RELEVANCE'
  return (
    <search class="facets" aria-label="Filters">
      {(facets?.kinds ?? []).map((kind) => (
        <Toggle
          key={kind.value}
          facet={{ ...kind, label: KINDS[kind.value] ?? kind.label }}
          isOn={state.kind === kind.value}
          onChoose={choose('kind')}
        />
      ))}
      <div class="facet-colors">
        {(facets?.colors ?? []).map((color) => (
          <button
            key={color.label}
            type="button"
            class="facet-color"
            aria-pressed={state.color === color.value}
            aria-label={`${color.label}, ${color.count}`}
            title={`${color.label} · ${color.count}`}
            style={{ backgroundColor: color.value }}
            onClick={() => choose('color')(color.value)}
          />
        ))}
      </div>
      <FacetSelect label="Licence" name="license" facets={facets?.licenses ?? []} />
      <FacetSelect label="Tag" name="tag" facets={facets?.tags ?? []} />
      <span class="facet-sort">
        <Select
          label="Sort"
          value={sort}
          choices={SORTS}
          onChange={(value) => set({ sort: value === 'RELEVANCE' ? '' : value })}
        />
      </span>
    </search>
  )
}

function Toggle({ facet, isOn, onChoose }: { facet: Facet; isOn: boolean; onChoose: (value: string) => void }) {
  return (
    <button type="button" class="facet" aria-pressed={isOn} onClick={() => onChoose(facet.value)}>
      {facet.label} <span class="muted">{short(facet.count)}</span>
    </button>
  )
}

function FacetSelect({ label, name, facets }: { label: string; name: string; facets: readonly Facet[] }) {
  const [state, set] = useUrlState()
  const current = state[name] ?? ''
  if (facets.length === 0 && !current) return null
  const listed = facets.some(({ value }) => value === current) || !current
  return (
    <Select
      label={label}
      value={current}
      choices={[
        { value: '', label: 'any' },
        ...(listed ? [] : [{ value: current, label: current }]),
        ...facets.map((facet) => ({
          value: facet.value,
          label: `${facet.label.slice(0, 40)} (${short(facet.count)})`,
        })),
      ]}
      onChange={(value) => set({ [name]: value })}
    />
  )
}
