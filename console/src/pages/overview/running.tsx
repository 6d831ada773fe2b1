import { useQuery } from '../../data/query.ts'
import { Backfills } from '../../generated.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { ago } from '../../words.ts'
import { isActive, LIVE_MAX, RunningBackfill } from '../backfills/running-backfill.tsx'

/** Backfills start elsewhere too. */
const EVERY_MS = 4000
const LATEST = { first: 8 }

export function Running() {
  const backfills = useQuery(Backfills, LATEST, { everyMs: EVERY_MS })
  const nodes = backfills.data?.backfills.nodes ?? null
  const active = nodes?.filter(isActive) ?? []
  const [last] = nodes ?? []
  return (
    <Section
      title="Running"
      aside={
        <LinkButton href="/backfills/new" kind={active.length === 0 ? 'plain' : 'quiet'}>
          Plan a backfill
        </LinkButton>
      }
    >
      <div class="running">
        {backfills.error && !nodes && (
          <Problem error={backfills.error} what="Backfills cannot be shown." onRetry={backfills.reload} />
        )}
        {active.map((backfill, at) => (
          <RunningBackfill key={backfill.id} backfill={backfill} isLive={at < LIVE_MAX} onEnd={backfills.reload} />
        ))}
        {nodes && active.length === 0 && (
          <Empty title="No backfill is running.">
            <p>
              {last?.finishedAt ? (
                <>
                  The latest one ended {ago(last.finishedAt)}: <a href="/backfills">all backfills</a>.
                </>
              ) : (
                'A backfill makes all pictures that are missing, ahead of the first visitor.'
              )}
            </p>
          </Empty>
        )}
      </div>
    </Section>
  )
}
