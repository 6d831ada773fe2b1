import type { BackfillFieldsFragment } from '../../generated.ts'
import { Section } from '../../ui/section.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { bytes, count, duration, time } from '../../words.ts'
import { optionWords, scopeWords } from './what.ts'

type Backfill = BackfillFieldsFragment

/** Null while it runs. */
export const secondsOf = ({ createdAt, finishedAt }: Backfill): number | null =>
  finishedAt ? (new Date(finishedAt).getTime() - new Date(createdAt).getTime()) / 1000 : null

interface Figure {
  readonly name: string
  readonly value: (backfill: Backfill) => number | null
  readonly print: (value: number) => string
}

const perItem = (value: number, { doneItems }: Backfill) => (doneItems > 0 ? value / doneItems : null)

const FIGURES: readonly Figure[] = [
  { name: 'Items done', value: ({ doneItems }) => doneItems, print: count },
  { name: 'Failed', value: ({ failedItems }) => failedItems, print: count },
  { name: 'Pictures', value: ({ imagesMade }) => imagesMade, print: count },
  {
    name: 'Bytes per picture',
    value: (each) => (each.imagesMade ? each.bytesWritten / each.imagesMade : null),
    print: bytes,
  },
  { name: 'Took', value: secondsOf, print: duration },
  {
    name: 'Time per item',
    value: (each) => {
      const took = secondsOf(each)
      return took === null ? null : perItem(took * 1000, each)
    },
    print: (value) => `${value.toFixed(1)} ms`,
  },
]

/** The most that fit beside each other. */
const EARLIER_MAX = 3

/** A backfill beside the earlier ones of the same work. */
export function Comparison({ backfill, earlier }: { backfill: Backfill; earlier: readonly Backfill[] }) {
  const others = earlier.slice(0, EARLIER_MAX)
  const { text } = scopeWords(backfill)
  const columns: readonly Column<Figure>[] = [
    { name: 'Figure', isTitle: true, cell: ({ name }) => name },
    { name: 'This one', isNumber: true, cell: (figure) => <strong>{print(figure, backfill)}</strong> },
    ...others.map(
      (other, at): Column<Figure> => ({
        name: at === 0 ? `Before, ${time(other.createdAt)}` : time(other.createdAt),
        isNumber: true,
        cell: (figure) => print(figure, other),
      }),
    ),
  ]
  return (
    <Section title={`${backfill.presets.join(', ')} of ${text} · ${optionWords(backfill)}`}>
      <div class="comparison">
        <Table label="Compared with earlier ones" columns={columns} rows={FIGURES} keyOf={({ name }) => name} />
      </div>
      {others.length === 0 && (
        <p class="muted small">
          No earlier backfill of the same presets, scope and mode is in the list to compare it with.
        </p>
      )}
    </Section>
  )
}

function print({ value, print: words }: Figure, backfill: Backfill): string {
  const figure = value(backfill)
  return figure === null ? '–' : words(figure)
}
