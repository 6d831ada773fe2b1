import { useCallback, useEffect } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useMutation, useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import {
  BackfillFailures,
  type FailureFieldsFragment,
  FailureReasons,
  Failures as FailuresDocument,
  RetryItem,
  StartBackfill,
} from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { PageHead } from '../../ui/section.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { toast } from '../../ui/toast.tsx'
import { ago, count, fullTime, sentenceCase } from '../../words.ts'
import { downloadFailures } from './export.ts'
import './backfills.css'

type Failure = FailureFieldsFragment
const PAGE = 50

/** Items that could not be rendered: why, and what mends it; of all, of one reason, or of one backfill. */
export default function Failures() {
  const [{ code = '', backfill = '' }, set] = useUrlState()
  const reasons = useQuery(FailureReasons, {})
  const counts = reasons.data?.failureCounts ?? []
  const load = useCallback<LoadPage<Failure>>(
    async (after, signal) => {
      if (!backfill) {
        const variables = { first: PAGE, after, code: code || null }
        return (await request(FailuresDocument, variables, { signal })).failures
      }
      const answer = await request(BackfillFailures, { id: backfill, first: PAGE, after }, { signal })
      return answer.backfill?.failures ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } }
    },
    [code, backfill],
  )
  const list = useMore(load)
  const retrying = useMutation(StartBackfill)
  const retryCode = async () => {
    const result = await retrying.run({ input: { mode: 'FAILED', ...(code ? { codes: [code] } : {}) } })
    if (result)
      toast(code ? `A backfill tries all failures with ${code} again.` : 'A backfill tries all failures again.')
  }
  const exporting = useExport(backfill)
  return (
    <>
      <PageHead
        title="Failures"
        lead={backfill ? 'Of one backfill.' : 'Items whose source cannot be rendered, and what mends them.'}
        aside={
          <>
            <Button icon="download" why={whyNot('backfill:write')} onClick={exporting}>
              Export
            </Button>
            <Button icon="again" why={whyNot('backfill:write')} isBusy={retrying.isBusy} onClick={retryCode}>
              {code ? `Try ${code} again` : 'Try all again'}
            </Button>
          </>
        }
      />
      {retrying.error && <Problem error={retrying.error} what="They were not tried again." />}
      <div class="codes">
        {backfill ? (
          <button type="button" class="facet" aria-pressed="true" onClick={() => set({ backfill: '' })}>
            One backfill ✕
          </button>
        ) : (
          counts.map((reason) => (
            <button
              key={reason.code}
              type="button"
              class="facet"
              aria-pressed={code === reason.code}
              onClick={() => set({ code: code === reason.code ? '' : reason.code })}
            >
              {sentenceCase(reason.code)} <span class="muted">{count(reason.count)}</span>
            </button>
          ))
        )}
      </div>
      {list.nodes?.length === 0 ? (
        <Empty title="Nothing has failed.">
          <p>{code ? `No item failed with ${code}.` : 'Every source that was rendered became a picture.'}</p>
        </Empty>
      ) : (
        <Table label="Failures" columns={columnsOf(list.reload)} rows={list.nodes ?? []} keyOf={({ id }) => id} />
      )}
      <More list={list} what="The failures cannot be shown." />
    </>
  )
}

function columnsOf(onRetried: () => void): readonly Column<Failure>[] {
  return [
    {
      name: 'Item',
      isTitle: true,
      cell: ({ item }) => (
        <a class="failure-item" href={`/item/${item.uniqueId}`}>
          <strong class="clip">{item.name.slice(0, 120)}</strong>
          <span class="muted small clip">{item.vendor.name.slice(0, 120)}</span>
        </a>
      ),
    },
    { name: 'Reason', cell: ({ code }) => <code class="failed">{code}</code> },
    {
      name: 'What happened, and what mends it',
      isWide: true,
      cell: ({ message, remedy }) => (
        <>
          <p>{message}</p>
          <p class="muted">{remedy}</p>
        </>
      ),
    },
    { name: 'Tries', isNumber: true, cell: ({ attempts }) => count(attempts) },
    { name: 'Last', cell: ({ lastAt }) => <time title={fullTime(lastAt)}>{ago(lastAt)}</time> },
    {
      name: 'Retry',
      isAction: true,
      cell: ({ item }) => <Retry uniqueId={item.uniqueId} name={item.name} onRetried={onRetried} />,
    },
  ]
}

function Retry({ uniqueId, name, onRetried }: { uniqueId: string; name: string; onRetried: () => void }) {
  const { run, isBusy, error } = useMutation(RetryItem)
  useEffect(() => {
    if (error) toast(error.message, 'failed')
  }, [error])
  const retry = async () => {
    if (!(await run({ id: uniqueId }))) return
    toast(`${name.slice(0, 80)} is tried again, ahead of backfills.`)
    onRetried()
  }
  return (
    <Button why={whyNot('backfill:write')} isBusy={isBusy} onClick={retry}>
      Try again
    </Button>
  )
}

function useExport(backfill: string): () => Promise<void> {
  return async () => {
    try {
      await downloadFailures(backfill)
    } catch (error) {
      toast(`The failures were not exported: ${(error as Error).message}`, 'failed')
    }
  }
}
