import { useEffect, useState } from 'preact/hooks'
import { useMutation, useQuery } from '../../data/query.ts'
import {
  Receipt as ReceiptDocument,
  type ReceiptFieldsFragment,
  Restore,
  type TakeDownStatus,
} from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Problem } from '../../ui/notice.tsx'
import { type State, Status } from '../../ui/status.tsx'
import { toast } from '../../ui/toast.tsx'
import { count, fullTime, time } from '../../words.ts'

type Fields = ReceiptFieldsFragment

const STATES: Readonly<Record<TakeDownStatus, readonly [State, string]>> = {
  QUEUED: ['stale', 'hidden, deletion starts'],
  RUNNING: ['stale', 'hidden, deleting'],
  COMPLETED: ['gone', 'taken down'],
  FAILED: ['failed', 'hidden, deletion failed'],
  RESTORED: ['ready', 'restored'],
}

const FOLLOW_MS = 1500
const isRunning = ({ status }: Fields) => status === 'QUEUED' || status === 'RUNNING'

/** A receipt, followed while it runs. */
export function Receipt({ receipt }: { receipt: Fields }) {
  const [news, setNews] = useState(receipt)
  useEffect(() => setNews(receipt), [receipt])
  const followed = useQuery(ReceiptDocument, { id: receipt.id }, { everyMs: FOLLOW_MS, skip: !isRunning(news) })
  const node = followed.data?.node
  useEffect(() => {
    if (node && 'status' in node) setNews(node as Fields)
  }, [node])
  const restoring = useMutation(Restore)
  const restore = async () => {
    const result = await restoring.run({ id: news.id })
    if (!result) return
    setNews(result.restore)
    toast('It is shown again. Its pictures are rendered on their first request.')
  }
  const [state, word] = STATES[news.status]
  return (
    <article class="receipt" aria-label={nameOf(news)}>
      <div class="row apart wrapping">
        <div class="receipt-name">
          <TargetLink target={news.target} />
          <p class="muted small wrap">{news.reason}</p>
        </div>
        <div class="row">
          <Status state={state}>{news.kind === 'PRIVATE' && state === 'gone' ? 'private' : word}</Status>
          {news.status !== 'RESTORED' && news.kind === 'TAKE_DOWN' && (
            <Button icon="again" isBusy={restoring.isBusy} onClick={restore}>
              Restore
            </Button>
          )}
        </div>
      </div>
      {restoring.error && <Problem error={restoring.error} what="It was not restored." />}
      <dl class="facts">
        {factsOf(news).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="wrap">{value}</dd>
          </div>
        ))}
      </dl>
    </article>
  )
}

function factsOf(receipt: Fields): (readonly [name: string, value: string])[] {
  const { createdAt, finishedAt, restoredAt, objectsDeleted, invalidationIds, note, error } = receipt
  return [
    ['Hidden', fullTime(createdAt) + (finishedAt ? `, finished ${time(finishedAt)}` : '')],
    ...(restoredAt ? [['Restored', fullTime(restoredAt)] as const] : []),
    ['Deleted', `${count(objectsDeleted)} stored pictures`],
    ['Edges', invalidationIds.length > 0 ? `invalidated as ${invalidationIds.join(', ')}` : 'no invalidation was sent'],
    ...(note ? [['To do', note] as const] : []),
    ...(error ? [['Last error', error] as const] : []),
  ]
}

const KINDS: Readonly<Record<string, string>> = {
  Icon: 'Icon',
  Illustration: 'Illustration',
  IconSet: 'Set',
  Family: 'Family',
  Vendor: 'Vendor',
}

const nameOf = ({ target }: Fields): string => (target && 'name' in target ? target.name.slice(0, 120) : 'Removed item')

function TargetLink({ target }: Pick<Fields, 'target'>) {
  if (!target || !('name' in target)) return <strong>An item that its vendor has removed since</strong>
  const href =
    'username' in target
      ? `/catalogue?vendor=${encodeURIComponent(target.username)}`
      : target.__typename === 'Family'
        ? `/catalogue?family=${target.uniqueId}`
        : target.__typename === 'IconSet'
          ? `/catalogue?set=${target.uniqueId}`
          : `/item/${target.uniqueId}`
  return (
    <a class="wrap" href={href}>
      <span class="muted">{KINDS[target.__typename]} </span>
      <strong>{target.name.slice(0, 120)}</strong>
    </a>
  )
}
