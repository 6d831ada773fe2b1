import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { whyNot } from '../../data/session.ts'
import { AuditLog as AuditLogDocument, type AuditLogQuery } from '../../generated.ts'
import { More, useMore } from '../../ui/more.tsx'
import { Empty } from '../../ui/notice.tsx'
import { Status } from '../../ui/status.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { fullTime, time } from '../../words.ts'
import { Closed, OperationsHead } from './head.tsx'

type Entry = AuditLogQuery['auditLog']['nodes'][number]
const PAGE = 50

const columns: readonly Column<Entry>[] = [
  { name: 'When', isTitle: true, cell: ({ at }) => <time title={fullTime(at)}>{time(at)}</time> },
  {
    name: 'Who',
    cell: ({ actor, vendor }) => (
      <>
        <code>{actor.slice(0, 80)}</code>
        {vendor && <span class="muted small"> of {vendor}</span>}
      </>
    ),
  },
  { name: 'What', cell: ({ action }) => <code>{action.slice(0, 80)}</code> },
  { name: 'Target', isWide: true, cell: ({ target }) => (target ? <code>{target.slice(0, 300)}</code> : null) },
  {
    name: 'Outcome',
    cell: ({ outcome }) => (
      <Status state={outcome === 'DONE' ? 'ready' : 'failed'}>
        {outcome === 'DONE' ? 'done' : outcome.slice(0, 60)}
      </Status>
    ),
  },
]

/** What was done on whose behalf, and what was refused. */
export default function Audit() {
  const why = whyNot('operations:read')
  return (
    <>
      <OperationsHead
        path="/operations/audit"
        lead="Every change, refused token and changed configuration, newest first."
      />
      {why ? <Closed why={why} /> : <Log />}
    </>
  )
}

function Log() {
  const load = useCallback<LoadPage<Entry>>(
    async (after, signal) => (await request(AuditLogDocument, { first: PAGE, after }, { signal })).auditLog,
    [],
  )
  const list = useMore(load)
  return (
    <>
      {list.nodes?.length === 0 ? (
        <Empty title="Nothing has been recorded yet.">
          <p>Whatever changes something is recorded here, with who did it.</p>
        </Empty>
      ) : (
        <Table label="Audit log" columns={columns} rows={list.nodes ?? []} keyOf={({ id }) => id} />
      )}
      <More list={list} what="The audit log cannot be shown." />
    </>
  )
}
