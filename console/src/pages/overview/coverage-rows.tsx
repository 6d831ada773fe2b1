import type { CoverageQuery } from '../../generated.ts'
import { Meter } from '../../ui/meter.tsx'
import { Empty } from '../../ui/notice.tsx'
import { Mark, type State } from '../../ui/status.tsx'
import { count, percent, short } from '../../words.ts'

/** Most services have three presets in backfills: as many places are kept while loading. */
const USUAL_PRESETS = 3

/** One bar per preset; each number leads to what is behind it. */
export function CoverageRows({ rows }: { rows: CoverageQuery['coverage'] | null }) {
  if (!rows) {
    return (
      <ul class="coverage" aria-busy="true">
        {Array.from({ length: USUAL_PRESETS }, (_, at) => (
          <li key={at} class="coverage-row">
            <span class="skeleton coverage-blank" />
          </li>
        ))}
      </ul>
    )
  }
  if (rows.every(({ total }) => total === 0)) {
    return (
      <Empty title="There is nothing to make pictures of yet.">
        <p>
          Import SVGs with <code>npm run import -- PATH</code>, or start with the demo: <code>DEMO=on npm start</code>.
        </p>
      </Empty>
    )
  }
  return (
    <ul class="coverage">
      {rows.map((row) => (
        <li key={row.preset} class="coverage-row">
          <a class="coverage-name clip" href={`/backfills/new?presets=${encodeURIComponent(row.preset)}`}>
            {row.preset}
          </a>
          <Meter label={`Ready pictures of ${row.preset}`} {...row} />
          <strong class="coverage-percent">{percent(row.ready, row.total)}</strong>
          <Count state="ready" value={row.ready} href={`/catalogue?preset=${encodeURIComponent(row.preset)}`} />
          <Count state="stale" value={row.stale} href={planOf(row.preset, 'STALE')} />
          <Count state="missing" value={row.missing} href={planOf(row.preset, 'MISSING')} />
          <Count state="failed" value={row.failed} href="/backfills/failures" />
        </li>
      ))}
    </ul>
  )
}

const planOf = (preset: string, mode: string) => `/backfills/new?mode=${mode}&presets=${encodeURIComponent(preset)}`

function Count({ state, value, href }: { state: State; value: number; href: string }) {
  return (
    <a class={`coverage-count ${value > 0 ? state : 'none'}`} href={href} title={`${count(value)} ${state}`}>
      <Mark state={state} />
      {short(value)}
      <span class="coverage-word">{state}</span>
    </a>
  )
}
