import { useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { DeliveryFindings } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { type State, Status } from '../../ui/status.tsx'

const STATES: Readonly<Record<'OK' | 'WARNING' | 'ERROR', State>> = { OK: 'ready', WARNING: 'stale', ERROR: 'failed' }

/** The delivery checks, which take some seconds: they ask the CDN itself. */
export function Doctor() {
  const why = whyNot('delivery:read')
  const asked = useQuery(DeliveryFindings, {}, { skip: why !== null })
  const findings = asked.data?.deliveryHealth.findings
  return (
    <Section
      title="Delivery checks"
      aside={
        <Button kind="quiet" icon="again" why={why} isBusy={asked.isLoading && why === null} onClick={asked.reload}>
          Check again
        </Button>
      }
    >
      {why && <p class="muted">{why}</p>}
      {asked.error && <Problem error={asked.error} what="Delivery could not be checked." />}
      {!findings && !asked.error && !why && <span class="skeleton why-blank" />}
      <ul class="findings">
        {findings?.map(({ check, message, remedy, status }) => (
          <li key={check} class="stack">
            <Status state={STATES[status]}>{check}</Status>
            <p class="wrap small">{message}</p>
            {remedy && <p class="wrap small muted">{remedy}</p>}
          </li>
        ))}
      </ul>
    </Section>
  )
}
