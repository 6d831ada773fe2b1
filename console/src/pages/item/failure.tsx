import { usePresets } from '../../data/presets.ts'
import { useMutation, useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { Explain, RetryItem } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Problem } from '../../ui/notice.tsx'
import { Status } from '../../ui/status.tsx'
import { toast } from '../../ui/toast.tsx'

/** Why an item has no pictures, what would mend it, and another attempt. */
export function Failure({ uniqueId, onRetried }: { uniqueId: string; onRetried: () => void }) {
  const { shown } = usePresets()
  const asked = useQuery(Explain, { url: uniqueId, preset: shown ?? '' }, { skip: shown === null })
  const { run, isBusy, error } = useMutation(RetryItem)
  const explanation = asked.data?.explain
  const retry = async () => {
    if (!(await run({ id: uniqueId }))) return
    toast('The item is tried again, ahead of backfills.')
    onRetried()
    asked.reload()
  }
  return (
    <section class="failure stack" aria-label="Failure">
      <Status state="failed">{explanation?.failure?.code ?? 'failed'}</Status>
      <p class="wrap">{explanation?.failure?.message ?? 'The source cannot be rendered.'}</p>
      {explanation?.remedy && <p class="wrap">{explanation.remedy}</p>}
      <p>
        <Button icon="again" why={whyNot('backfill:write')} isBusy={isBusy} onClick={retry}>
          Try again
        </Button>
      </p>
      {error && <Problem error={error} what="It could not be tried again." />}
    </section>
  )
}
