import { useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { Coverage, type CoverageQuery, type OperationsFieldsFragment, Situation } from '../../generated.ts'
import { Problem } from '../../ui/notice.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { Status } from '../../ui/status.tsx'
import { count, percent, plural } from '../../words.ts'
import { CoverageRows } from './coverage-rows.tsx'
import { NeedsALook } from './needs-a-look.tsx'
import { Running } from './running.tsx'
import { Visitor } from './visitor.tsx'
import { Wall } from './wall.tsx'
import './overview.css'

/** Workers count changes within two seconds. */
const COVERAGE_EVERY_MS = 2500
/** Polled: connections for events are few, and the pictures and backfills need them. */
const SITUATION_EVERY_MS = 4000

/** For operators; others see the way in. */
export function Overview() {
  return whyNot('operations:read') ? <Visitor /> : <OperatorsOverview />
}

/** What there is, how far it is, what runs, what was made last, and what needs a look. */
function OperatorsOverview() {
  const coverage = useQuery(Coverage, {}, { everyMs: COVERAGE_EVERY_MS })
  const situation = useQuery(Situation, {}, { everyMs: SITUATION_EVERY_MS })
  const operations = situation.data?.operations ?? null
  const rows = coverage.data?.coverage ?? null
  return (
    <>
      <PageHead
        title="Overview"
        aside={operations && <Health operations={operations} />}
        lead={
          operations ? (
            <>
              <a href="/catalogue">{plural(operations.items, 'item')}</a> of {plural(operations.vendors, 'vendor')} ·{' '}
              {plural(operations.images, 'picture')} stored
            </>
          ) : (
            <>&nbsp;</>
          )
        }
      >
        {rows ? headline(rows) : 'Overview'}
      </PageHead>
      {coverage.error && !rows && (
        <Problem error={coverage.error} what="The coverage cannot be shown." onRetry={coverage.reload} />
      )}
      <CoverageRows rows={rows} />
      <Running />
      <Wall />
      <Section title="Needs a look">
        <NeedsALook operations={operations} error={situation.error} onRetry={situation.reload} />
      </Section>
    </>
  )
}

type Rows = CoverageQuery['coverage']

/** The state of everything in one sentence. */
function headline(rows: Rows): string {
  const sum = (field: 'total' | 'ready' | 'stale' | 'missing' | 'failed') =>
    rows.reduce((all, row) => all + row[field], 0)
  const total = sum('total')
  if (total === 0) return 'The catalogue is empty'
  const open = sum('missing') + sum('stale')
  if (open > 0) return `${percent(sum('ready'), total)} of all pictures are ready`
  const failed = sum('failed')
  return failed > 0 ? `All pictures are ready but ${count(failed)} that failed` : 'All pictures are ready'
}

function Health({ operations }: { operations: OperationsFieldsFragment }) {
  if (operations.workers.length === 0) return <Status state="failed">no worker is running</Status>
  if (operations.deliveryStatus === 'ERROR') return <Status state="failed">delivery is broken</Status>
  if (operations.webhooksDead > 0) return <Status state="stale">some events were not delivered</Status>
  return <Status state="ready">healthy</Status>
}
