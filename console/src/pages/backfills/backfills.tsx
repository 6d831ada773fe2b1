import { useCallback, useState } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useUrlState } from '../../data/url-state.ts'
import { type BackfillFieldsFragment, type BackfillStatus, Backfills as BackfillsDocument } from '../../generated.ts'
import { LinkButton } from '../../ui/button.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty } from '../../ui/notice.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { type State, Status } from '../../ui/status.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { bytes, count, duration, fullTime, plural, time } from '../../words.ts'
import { Comparison, secondsOf } from './comparison.tsx'
import { isActive, LIVE_MAX, RunningBackfill } from './running-backfill.tsx'
import { isAlike, optionWords, scopeWords } from './what.ts'
import './backfills.css'
import '../overview/overview.css'

type Backfill = BackfillFieldsFragment
const PAGE = 50

const STATES: Readonly<Record<BackfillStatus, State>> = {
  PLANNING: 'stale',
  RUNNING: 'stale',
  PAUSED: 'stale',
  COMPLETED: 'ready',
  CANCELED: 'gone',
  FAILED: 'failed',
}

const columns: readonly Column<Backfill>[] = [
  {
    name: 'Started',
    isTitle: true,
    cell: ({ id, createdAt }) => (
      <a href={`/backfills?open=${encodeURIComponent(id)}`} title={fullTime(createdAt)}>
        <time dateTime={createdAt}>{time(createdAt)}</time>
      </a>
    ),
  },
  { name: 'Status', cell: ({ status }) => <Status state={STATES[status]}>{status.toLowerCase()}</Status> },
  {
    name: 'What',
    isWide: true,
    cell: (backfill) => {
      const { text, href } = scopeWords(backfill)
      return (
        <>
          {backfill.presets.join(', ')} of <a href={href}>{text}</a>{' '}
          <span class="muted">· {optionWords(backfill)}</span>
          {backfill.error && <p class="failed small">{backfill.error}</p>}
        </>
      )
    },
  },
  { name: 'Items', isNumber: true, cell: ({ doneItems, totalItems }) => `${count(doneItems)} of ${count(totalItems)}` },
  {
    name: 'Failed',
    isNumber: true,
    cell: ({ failedItems, id }) =>
      failedItems > 0 ? (
        <a class="link" href={`/backfills/failures?backfill=${encodeURIComponent(id)}`}>
          {count(failedItems)}
        </a>
      ) : (
        '0'
      ),
  },
  { name: 'Pictures', isNumber: true, cell: ({ imagesMade }) => count(imagesMade) },
  { name: 'Bytes', isNumber: true, cell: ({ bytesWritten }) => bytes(bytesWritten) },
  {
    name: 'Took',
    isNumber: true,
    cell: (backfill) => {
      const took = secondsOf(backfill)
      return took === null ? null : duration(took)
    },
  },
  {
    name: 'Items/s',
    isNumber: true,
    cell: (backfill) => {
      const took = secondsOf(backfill)
      return took ? ((backfill.doneItems + backfill.failedItems) / took).toFixed(1) : null
    },
  },
]

/** What runs, and all that ran before, side by side to be compared. */
export default function Backfills() {
  const [{ open }] = useUrlState()
  const load = useCallback<LoadPage<Backfill>>(
    async (after, signal) => (await request(BackfillsDocument, { first: PAGE, after }, { signal })).backfills,
    [],
  )
  const list = useMore(load)
  const [news, setNews] = useState<ReadonlyMap<string, Backfill>>(new Map())
  const nodes = list.nodes?.map((listed) => newer(listed, news.get(listed.id))) ?? null
  const active = nodes?.filter(isActive) ?? []
  const opened = nodes?.find(({ id }) => id === open)
  return (
    <>
      <PageHead
        title="Backfills"
        lead={
          list.nodes ? (
            active.length > 0 ? (
              `${plural(active.length, 'backfill')} running`
            ) : (
              'None is running.'
            )
          ) : (
            <>&nbsp;</>
          )
        }
        aside={
          <>
            <LinkButton href="/backfills/failures">Failures</LinkButton>
            <LinkButton href="/backfills/new" kind="primary">
              Plan a backfill
            </LinkButton>
          </>
        }
      />
      {active.length > 0 && (
        <div class="stack">
          {active.map((backfill, at) => (
            <RunningBackfill
              key={backfill.id}
              backfill={backfill}
              isLive={at < LIVE_MAX}
              onNews={(each) => setNews((known) => new Map(known).set(each.id, each))}
              onEnd={list.reload}
            />
          ))}
        </div>
      )}
      {opened && <Comparison backfill={opened} earlier={(nodes ?? []).filter((each) => isEarlier(each, opened))} />}
      <Section title={open ? 'This one and the others' : 'All backfills'}>
        {list.nodes?.length === 0 ? (
          <Empty title="No backfill has run yet.">
            <p>
              <a href="/backfills/new">Plan one</a>: it says how many pictures it would make, and how long that takes,
              before anything runs.
            </p>
          </Empty>
        ) : (
          <Table label="Backfills" columns={columns} rows={nodes ?? []} keyOf={({ id }) => id} current={open} />
        )}
        <More list={list} what="The backfills cannot be shown." />
      </Section>
    </>
  )
}

/** Events are newer than the list, until that says that it has ended. */
const newer = (listed: Backfill, news: Backfill | undefined): Backfill =>
  news && isActive(listed) ? { ...listed, ...news } : listed

const isEarlier = (each: Backfill, opened: Backfill): boolean =>
  each.createdAt < opened.createdAt && isAlike(each, opened) && each.finishedAt !== null
