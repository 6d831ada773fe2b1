import { useEffect, useState } from 'preact/hooks'
import { ErrorBoundary, lazy } from 'preact-iso'
import type { Operation } from '../../data/client.ts'
import { useLive } from '../../data/live.ts'
import { useMutation } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import {
  type BackfillFieldsFragment,
  BackfillProgress,
  CancelBackfill,
  PauseBackfill,
  ResumeBackfill,
} from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Meter } from '../../ui/meter.tsx'
import { toast } from '../../ui/toast.tsx'
import { count, duration, percent } from '../../words.ts'
import { optionWords, scopeWords } from './what.ts'

const Sparkline = lazy(() => import('../../ui/sparkline.tsx'))

type Backfill = BackfillFieldsFragment

export const isActive = ({ status }: Pick<Backfill, 'status'>): boolean =>
  status === 'PLANNING' || status === 'RUNNING' || status === 'PAUSED'

/** Backfills followed by events; further ones are as new as the list. A browser has few connections. */
export const LIVE_MAX = 2

/** Speeds kept for the line: two minutes of one a second. */
const SPEEDS_MAX = 120
const SPEED_EVERY_MS = 1000

/** A backfill as it goes on: share, speed with its recent past, time left, failures, and its controls. */
export function RunningBackfill({
  backfill,
  isLive,
  onNews,
  onEnd,
}: {
  backfill: Backfill
  isLive: boolean
  /** For what else the page says of it. */
  onNews?: (news: Backfill) => void
  onEnd: () => void
}) {
  const [news, setNews] = useState(backfill)
  const [speeds, setSpeeds] = useState<{ at: number; values: readonly number[] }>({ at: 0, values: [] })
  // A control's answer, or the list's, is newer than the last event.
  const [given, setGiven] = useState(backfill)
  if (given !== backfill) {
    setGiven(backfill)
    if (!isLive || backfill.status !== news.status) setNews(backfill)
  }
  const show = (next: Backfill) => {
    setNews(next)
    onNews?.(next)
    const speed = next.itemsPerSecond
    if (speed === null) return
    setSpeeds((last) => {
      const at = Date.now()
      return at - last.at < SPEED_EVERY_MS ? last : { at, values: [...last.values, speed].slice(-SPEEDS_MAX) }
    })
  }
  useLive(
    BackfillProgress,
    { id: backfill.id },
    { onData: (data) => show(data.backfillProgress), onEnd, skip: !isLive },
  )
  const { status, totalItems, doneItems, failedItems, itemsPerSecond, etaSeconds, presets } = news
  return (
    <article class="backfill" aria-label={`Backfill of ${presets.join(', ')}`}>
      <div class="backfill-name">
        <a href={`/backfills?open=${encodeURIComponent(backfill.id)}`} class="clip">
          <strong>{presets.join(', ')}</strong> <span class="muted">of {scopeWords(news).text}</span>
        </a>
        <span class="muted small nowrap">
          {optionWords(news)} ·{' '}
          {status === 'RUNNING' ? `${count(doneItems)} of ${count(totalItems)} items` : status.toLowerCase()}
        </span>
      </div>
      <Meter label="Items done" total={totalItems} ready={doneItems} failed={failedItems} />
      <div class="backfill-facts">
        <strong class="backfill-percent">{percent(doneItems + failedItems, totalItems)}</strong>
        <div class="backfill-chart">
          <ErrorBoundary>
            <Sparkline values={speeds.values} label="Speed in the last two minutes" />
          </ErrorBoundary>
        </div>
        <span class="backfill-speed">{itemsPerSecond === null ? '' : `${itemsPerSecond.toFixed(1)} items/s`}</span>
        <span class="backfill-eta muted">{etaSeconds === null ? '' : `${duration(etaSeconds)} left`}</span>
        <a
          class={failedItems > 0 ? 'backfill-failed failed' : 'backfill-failed muted'}
          href={`/backfills/failures?backfill=${encodeURIComponent(backfill.id)}`}
        >
          {count(failedItems)} failed
        </a>
        <Controls backfill={news} onChange={show} />
      </div>
    </article>
  )
}

/** Pause or resume, and cancel. */
export function Controls({ backfill, onChange }: { backfill: Backfill; onChange: (backfill: Backfill) => void }) {
  const why = whyNot('backfill:write')
  const pausing = useControl(PauseBackfill, 'pauseBackfill', onChange)
  const resuming = useControl(ResumeBackfill, 'resumeBackfill', onChange)
  const canceling = useControl(CancelBackfill, 'cancelBackfill', onChange)
  const { id, status } = backfill
  if (!isActive(backfill)) return null
  return (
    <div class="row">
      {status === 'PAUSED' ? (
        <Button
          icon="play"
          why={why}
          isBusy={resuming.isBusy}
          onClick={() => resuming.run(id, 'The backfill goes on.')}
        >
          Resume
        </Button>
      ) : (
        <Button
          icon="pause"
          why={why}
          isBusy={pausing.isBusy}
          onClick={() => pausing.run(id, 'The backfill is paused.')}
        >
          Pause
        </Button>
      )}
      <Button
        kind="quiet"
        why={why}
        isBusy={canceling.isBusy}
        onClick={() => canceling.run(id, 'The backfill is cancelled; what was made is kept.')}
      >
        Cancel
      </Button>
    </div>
  )
}

function useControl<Field extends string>(
  operation: Operation<Readonly<Record<Field, Backfill>>, { id: string }>,
  field: Field,
  onChange: (backfill: Backfill) => void,
) {
  const { run, isBusy, error } = useMutation(operation)
  useEffect(() => {
    if (error) toast(error.message, 'failed')
  }, [error])
  return {
    isBusy,
    run: async (id: string, sentence: string) => {
      const result = await run({ id })
      if (!result) return
      onChange(result[field])
      toast(sentence)
    },
  }
}
