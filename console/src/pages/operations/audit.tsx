import { useSignal } from '@preact/signals'
import { useCallback, useEffect } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { whyNot } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import { AuditLog as AuditLogDocument, type AuditLogQuery } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/form.tsx'
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
  {
    name: 'Target',
    isWide: true,
    cell: ({ target }) =>
      target ? (
        <a class="link" href={`/operations/audit?target=${encodeURIComponent(target)}`}>
          <code>{target.slice(0, 300)}</code>
        </a>
      ) : null,
  },
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
  const [{ target = '' }, set] = useUrlState()
  const text = useSignal(target)
  useEffect(() => {
    text.value = target
  }, [target, text])
  const load = useCallback<LoadPage<Entry>>(
    async (after, signal) => {
      const variables = { first: PAGE, after, target: target || null }
      return (await request(AuditLogDocument, variables, { signal })).auditLog
    },
    [target],
  )
  const list = useMore(load)
  return (
    <>
      <form
        class="operate operate-line"
        onSubmit={(event) => {
          event.preventDefault()
          set({ target: text.value.trim() })
        }}
      >
        <TextField
          label="Target"
          placeholder="an id, of an item, set, family or anything else"
          maxLength={300}
          value={text}
        />
        <Button type="submit" icon="search">
          Filter
        </Button>
        {target && (
          <Button kind="quiet" onClick={() => set({ target: '' })}>
            Show all
          </Button>
        )}
      </form>
      {list.nodes?.length === 0 ? (
        <Empty title={target ? 'Nothing was done with this target.' : 'Nothing has been recorded yet.'}>
          <p>Whatever changes something is recorded here, with who did it.</p>
        </Empty>
      ) : (
        <Table label="Audit log" columns={columns} rows={list.nodes ?? []} keyOf={({ id }) => id} />
      )}
      <More list={list} what="The audit log cannot be shown." />
    </>
  )
}
