import { useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { ItemHistory, type ItemHistoryQuery } from '../../generated.ts'
import { Problem } from '../../ui/notice.tsx'
import { Mark, type State } from '../../ui/status.tsx'
import { ago, fullTime, milliseconds, sentenceCase } from '../../words.ts'
import type { Variant } from './variants.ts'

interface Event {
  readonly key: string
  readonly at: string
  readonly state: State
  readonly text: string
}

/** Entries shown; older ones than these are of pictures that were made again since. */
const SHOWN = 40

/** What happened to the item, latest first: its pictures, and what people did with it, from the audit log. */
export function History({
  uniqueId,
  createdAt,
  variants,
}: {
  uniqueId: string
  createdAt: string
  variants: readonly Variant[]
}) {
  const why = whyNot('operations:read')
  const asked = useQuery(ItemHistory, { uniqueId }, { skip: why !== null })
  const made = variants.flatMap(({ preset, format, madeAt, renderMs, engine }): Event[] =>
    madeAt
      ? [
          {
            key: `${preset.name} ${format}`,
            at: madeAt,
            state: 'ready',
            text: `${preset.name} was made as ${format}${renderMs === null ? '' : ` in ${milliseconds(renderMs)}`}${engine ? ` by ${engine}` : ''}.`,
          },
        ]
      : [],
  )
  const added: Event = { key: 'added', at: createdAt, state: 'missing', text: 'Added to the catalogue.' }
  const done = (asked.data?.auditLog.nodes ?? []).map(eventOf)
  const events = [...made, ...done, added].toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, SHOWN)
  return (
    <>
      {asked.error && <Problem error={asked.error} what="The audit log cannot be shown." onRetry={asked.reload} />}
      <ol class="history">
        {events.map(({ key, at, state, text }) => (
          <li key={key}>
            <Mark state={state} />
            <span class="wrap">{text}</span>
            <time class="muted small nowrap" dateTime={at} title={fullTime(at)}>
              {ago(at)}
            </time>
          </li>
        ))}
      </ol>
      {why && <p class="muted small">What people did with it is in the audit log. {why}</p>}
    </>
  )
}

type Entry = ItemHistoryQuery['auditLog']['nodes'][number]

/** What can be done with one item: names of mutations, and of the field that downloads an original. */
const ACTIONS: Readonly<Record<string, readonly [text: string, state: State]>> = {
  retryItem: ['Tried again', 'ready'],
  takeDown: ['Taken down', 'gone'],
  restore: ['Restored', 'ready'],
  setVisibility: ['Visibility changed', 'missing'],
  original: ['The original was looked at or downloaded', 'missing'],
}

function eventOf({ id, at, actor, action, outcome }: Entry): Event {
  const [text, state] = ACTIONS[action] ?? [action, 'missing' as const]
  const isDone = outcome === 'DONE'
  return {
    key: id,
    at,
    state: isDone ? state : 'failed',
    text: `${text} by ${actor}${isDone ? '' : `: refused, ${sentenceCase(outcome).toLowerCase()}`}.`,
  }
}
