import { Mark, type State } from '../../ui/status.tsx'
import { ago, fullTime, milliseconds } from '../../words.ts'
import type { Variant } from './variants.ts'

interface Event {
  readonly at: string
  readonly state: State
  readonly text: string
}

/** Entries shown; older ones than these are of pictures that were made again since. */
const SHOWN = 20

/** What happened to the item, latest first, as its pictures tell. */
export function History({ createdAt, variants }: { createdAt: string; variants: readonly Variant[] }) {
  const made = variants.flatMap(({ preset, format, madeAt, renderMs, engine }): Event[] =>
    madeAt
      ? [
          {
            at: madeAt,
            state: 'ready',
            text: `${preset.name} was made as ${format}${renderMs === null ? '' : ` in ${milliseconds(renderMs)}`}${engine ? ` by ${engine}` : ''}.`,
          },
        ]
      : [],
  )
  const events = [...made, { at: createdAt, state: 'missing', text: 'Added to the catalogue.' } satisfies Event]
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, SHOWN)
  return (
    <ol class="history">
      {events.map(({ at, state, text }) => (
        <li key={at + text}>
          <Mark state={state} />
          <span class="wrap">{text}</span>
          <time class="muted small nowrap" dateTime={at} title={fullTime(at)}>
            {ago(at)}
          </time>
        </li>
      ))}
    </ol>
  )
}
