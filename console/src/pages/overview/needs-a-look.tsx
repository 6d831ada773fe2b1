import type { ComponentChildren } from 'preact'
import type { RequestError } from '../../data/client.ts'
import { useQuery } from '../../data/query.ts'
import { FailureReasons, type OperationsFieldsFragment } from '../../generated.ts'
import { Problem } from '../../ui/notice.tsx'
import { Mark, type State } from '../../ui/status.tsx'
import { ago, count, milliseconds, plural, sentenceCase } from '../../words.ts'

const EVERY_MS = 10_000
/** Reasons named; the others are behind the link. */
const REASONS = 4
/** Workers listed; the others are counted. */
const WORKERS = 6

const DELIVERY = {
  OK: ['ready', 'as it should be'],
  WARNING: ['stale', 'works, with warnings'],
  ERROR: ['failed', 'broken'],
} as const

/** Failures by reason, requests, workers, webhooks and delivery, each with its mark. */
export function NeedsALook({
  operations,
  error,
  onRetry,
}: {
  operations: OperationsFieldsFragment | null
  error: RequestError | null
  onRetry: () => void
}) {
  const failures = useQuery(FailureReasons, {}, { everyMs: EVERY_MS })
  const reasons = failures.data?.failureCounts ?? []
  const failed = reasons.reduce((sum, reason) => sum + reason.count, 0)
  if (error && !operations)
    return <Problem error={error} what="What the service does cannot be shown." onRetry={onRetry} />
  return (
    <dl class="look">
      <Fact name="Failures" state={failed > 0 ? 'failed' : 'ready'}>
        {!failures.data ? (
          '\u00a0'
        ) : failed === 0 ? (
          'No item has failed.'
        ) : (
          <>
            <a class="link" href="/backfills/failures">
              {plural(failed, 'item')} failed
            </a>
            {reasons.slice(0, REASONS).map(({ code, count: number }) => (
              <a key={code} class="chip" href={`/backfills/failures?code=${code}`} title={sentenceCase(code)}>
                {count(number)} {code}
              </a>
            ))}
          </>
        )}
      </Fact>
      {operations ? <Situation {...operations} /> : <Blank />}
    </dl>
  )
}

function Situation({ requests, missP50Ms, missP95Ms, workers, ...rest }: OperationsFieldsFragment) {
  const [delivery, deliveryWords] = DELIVERY[rest.deliveryStatus]
  return (
    <>
      <Fact name="Requests in 24 h" state={requests.refused > 0 ? 'stale' : 'ready'}>
        {count(requests.stored)} stored · {count(requests.made)} made · {count(requests.refused)} refused ·{' '}
        {count(requests.notFound)} not found
      </Fact>
      <Fact name="Made on request" state="ready">
        {missP50Ms === null || missP95Ms === null
          ? 'No picture had to be made for a visitor.'
          : `half within ${milliseconds(missP50Ms)}, 95 % within ${milliseconds(missP95Ms)}`}
      </Fact>
      <Fact name="Workers" state={workers.length > 0 ? 'ready' : 'failed'}>
        {workers.length === 0 ? (
          <>
            No worker is alive: start one with <code>npm run worker</code>.
          </>
        ) : (
          <ul class="workers">
            {workers.slice(0, WORKERS).map((worker) => (
              <li key={worker.id} title={`started ${ago(worker.startedAt)}, last heard of ${ago(worker.heartbeatAt)}`}>
                {worker.host.slice(0, 40)} {worker.pid}{' '}
                <span class="muted">{worker.jobs.length > 0 ? jobsOf(worker.jobs) : 'waiting for work'}</span>
              </li>
            ))}
            {workers.length > WORKERS && <li class="muted">and {plural(workers.length - WORKERS, 'more', 'more')}</li>}
          </ul>
        )}
      </Fact>
      <Fact name="Webhooks" state={rest.webhooksDead > 0 ? 'failed' : 'ready'}>
        {plural(rest.webhooksWaiting, 'event')} waiting · {count(rest.webhooksDead)} given up
      </Fact>
      <Fact name="Delivery" state={delivery}>
        {rest.deliveryStatus === 'OK' ? (
          deliveryWords
        ) : (
          <a class="link" href="/why">
            {deliveryWords}
          </a>
        )}
      </Fact>
    </>
  )
}

/** `render chunk: backfill 3; warm items: 24 items` */
const jobsOf = (jobs: OperationsFieldsFragment['workers'][number]['jobs']): string =>
  jobs
    .map(({ task, subject }) => `${task.replaceAll('_', ' ')}${subject ? `: ${subject}` : ''}`)
    .join('; ')
    .slice(0, 200)

function Fact({ name, state, children }: { name: string; state: State; children: ComponentChildren }) {
  return (
    <div class="look-fact">
      <dt>
        <Mark state={state} />
        {name}
      </dt>
      <dd class="row wrapping">{children}</dd>
    </div>
  )
}

function Blank() {
  return (
    <>
      {['Requests in 24 h', 'Made on request', 'Workers', 'Webhooks', 'Delivery'].map((name) => (
        <div key={name} class="look-fact">
          <dt>
            <Mark state="missing" />
            {name}
          </dt>
          <dd>
            <span class="skeleton look-blank" />
          </dd>
        </div>
      ))}
    </>
  )
}
