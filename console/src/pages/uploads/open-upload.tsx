import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import { useLive } from '../../data/live.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useQuery } from '../../data/query.ts'
import { OneUpload, type OneUploadQuery, UploadProblems, UploadProgress } from '../../generated.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Meter } from '../../ui/meter.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { bytes, count, fullTime, plural } from '../../words.ts'
import { type ArchiveProblem, ProblemTable } from './problems.tsx'
import { UploadState } from './status.tsx'

type Upload = NonNullable<OneUploadQuery['upload']>
const PAGE = 50

/** One upload as it goes on: what came of each item, and where it is in the catalogue. */
export function OpenUpload({ id, onEnd }: { id: string; onEnd: () => void }) {
  const asked = useQuery(OneUpload, { id })
  const upload = asked.data?.upload ?? null
  const { set } = asked
  useLive(
    UploadProgress,
    { id },
    {
      skip: !upload || upload.finishedAt !== null,
      onData: ({ uploadProgress }) => {
        set({ upload: { families: upload?.families ?? [], ...uploadProgress } })
        // Not when the subscription ends: it is not followed any more by then.
        if (uploadProgress.finishedAt === null) return
        // Now it has families.
        asked.reload()
        onEnd()
      },
    },
  )
  if (asked.error && !upload)
    return <Problem error={asked.error} what="The upload cannot be shown." onRetry={asked.reload} />
  if (asked.data && !upload)
    return (
      <Empty title="There is no such upload.">
        <p>It may be another vendor's, or its address was cut off.</p>
      </Empty>
    )
  return upload ? <Shown upload={upload} /> : <span class="skeleton upload-blank" />
}

const WAITING: Readonly<Partial<Record<Upload['status'], string>>> = {
  CREATED: 'Its archive has not arrived. If nobody is sending it any more, drop it above again.',
  CHECKING: 'The archive is being checked. Nothing of it is in the catalogue yet.',
  REFUSED: 'Nothing of it is in the catalogue. Mend what is listed, and drop the archive above again.',
  FAILED: 'It failed after many attempts. Dropping the same archive above again continues it.',
}

function Shown({ upload }: { upload: Upload }) {
  const { id, status, fileName, vendor, items, families, problemCount, notes, createdAt, finishedAt } = upload
  const facts = [
    ['Vendor', vendor],
    ['Size', bytes(upload.bytes)],
    ['Sent', fullTime(createdAt)],
    ['Finished', finishedAt ? fullTime(finishedAt) : 'not yet'],
  ] as const
  const numbers = [
    ['added', items.added],
    ['changed', items.changed],
    ['removed', items.removed],
    ['with pictures', items.done],
    ['failed', items.failed],
  ] as const
  return (
    <Section title={fileName.slice(0, 120)} aside={<UploadState status={status} />}>
      <div class="upload">
        <div class="stack">
          {items.total > 0 && <Meter label="Items done" total={items.total} ready={items.done} failed={items.failed} />}
          <p aria-live="polite">{WAITING[status] ?? `${plural(items.total, 'item')} in the archive.`}</p>
          {notes.map((note) => (
            <p key={note} class="muted small wrap" dir="auto">
              {note}
            </p>
          ))}
          {items.total > 0 && (
            <ul class="upload-numbers">
              {numbers.map(([name, value]) => (
                <li key={name}>
                  <strong class={name === 'failed' && value > 0 ? 'failed' : ''}>{count(value)}</strong>
                  <span class="muted small">{name}</span>
                </li>
              ))}
            </ul>
          )}
          {families.length > 0 && (
            <div class="row wrapping">
              {families.map((family) => (
                <LinkButton key={family.uniqueId} href={`/catalogue?family=${family.uniqueId}`} icon="catalogue">
                  <span class="clip upload-family">{family.name.slice(0, 80)}</span>
                </LinkButton>
              ))}
            </div>
          )}
        </div>
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="wrap">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      {problemCount > 0 && <Problems key={`${status} ${problemCount}`} id={id} problemCount={problemCount} />}
    </Section>
  )
}

function Problems({ id, problemCount }: { id: string; problemCount: number }) {
  const load = useCallback<LoadPage<ArchiveProblem>>(
    async (after, signal) => {
      const { upload } = await request(UploadProblems, { id, first: PAGE, after }, { signal })
      return upload?.problems ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } }
    },
    [id],
  )
  const list = useMore(load)
  return (
    <div class="stack">
      <h3>{plural(problemCount, 'problem')}</h3>
      <ProblemTable label="Problems" problems={list.nodes ?? []} />
      <More list={list} what="The problems cannot be shown." />
    </div>
  )
}
