import { useEffect } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { ArchiveContent, CheckResult } from '../../../archive-check/messages.ts'
import { RequestError } from '../../data/client.ts'
import { viewer, whyNot } from '../../data/session.ts'
import { Button } from '../../ui/button.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { Status } from '../../ui/status.tsx'
import { toast } from '../../ui/toast.tsx'
import { bytes, count, percent, plural } from '../../words.ts'
import { type Chosen, choose, forget, send } from './chosen.ts'
import { ProblemTable } from './problems.tsx'

/** Sets shown of an archive's content. */
const SETS_SHOWN = 50

/** The archive that was chosen: its check, what is in it, and its way to the service. */
export function ChosenArchive({ file, step }: Chosen) {
  const isSending = step.kind === 'sending'
  useEffect(() => {
    if (!isSending) return
    // The browser asks before it closes the tab.
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', onLeave)
    return () => removeEventListener('beforeunload', onLeave)
  }, [isSending])
  return (
    <Section
      title={file.name.slice(0, 120)}
      aside={
        <div class="row">
          <span class="muted small nowrap">{bytes(file.size)}</span>
          <Button kind="quiet" icon="close" label={step.kind === 'sending' ? 'Stop' : 'Forget it'} onClick={forget} />
        </div>
      }
    >
      <div class="stack" aria-live="polite">
        {step.kind === 'checking' && (
          <Running label="Checked" share={step.share}>
            Checking it in this browser: {percent(step.share, 1)}. Nothing is sent.
          </Running>
        )}
        {step.kind === 'unreadable' && (
          <Problem
            error={new RequestError('UNREADABLE', step.message)}
            what="It was not checked."
            onRetry={() => void choose(file)}
          />
        )}
        {step.kind === 'checked' && step.result.content && (
          <Ready content={step.result.content} size={file.size} error={step.error} />
        )}
        {step.kind === 'checked' && !step.result.content && <Problems {...step.result} />}
        {step.kind === 'sending' && (
          <Running label="Sent" share={step.share ?? 0}>
            {step.share === null
              ? 'The service does not answer. It may be restarting: the archive is sent when it is back.'
              : `${percent(step.share, 1)} of ${bytes(file.size)} sent. You may look at other pages meanwhile; keep this tab open.`}
          </Running>
        )}
      </div>
    </Section>
  )
}

function Running({ label, share, children }: { label: string; share: number; children: preact.ComponentChildren }) {
  return (
    <>
      <Meter label={label} total={1} ready={share} />
      <p class="muted">{children}</p>
    </>
  )
}

function Problems({ problems, problemCount }: CheckResult) {
  return (
    <>
      <p class="upload-sentence">
        <Status state="failed">{plural(problemCount, 'problem')}</Status> Nothing was sent. Mend{' '}
        {problemCount === 1 ? 'it' : 'them'}, and drop the archive again.
      </p>
      <ProblemTable label="Problems of the archive" problems={problems} />
      {problemCount > problems.length && (
        <p class="muted small">
          The first {count(problems.length)} are shown; most of the others are of the same kind.
        </p>
      )}
    </>
  )
}

function Ready({ content, size, error }: { content: ArchiveContent; size: number; error: RequestError | null }) {
  const { route } = useLocation()
  const { vendor, sets } = content
  const bound = viewer.value?.vendor
  const why =
    whyNot('upload:write') ??
    (bound && bound.username !== vendor
      ? `The manifest is of the vendor ${vendor}, and your token of ${bound.username}: correct "vendor" in manifest.json.`
      : null)
  const files = sets.reduce((sum, set) => sum + set.files, 0)
  const removed = sets.reduce((sum, set) => sum + set.removed, 0)
  const families = new Set(sets.map(({ family }) => family)).size
  const submit = async () => {
    const id = await send()
    if (!id) return
    toast('The archive has arrived, and is being ingested.')
    // Not away from another page that was opened meanwhile.
    if (location.pathname === '/uploads') route(`/uploads?open=${encodeURIComponent(id)}`)
  }
  return (
    <>
      {error && <Problem error={error} what="The archive was not sent." />}
      <p class="upload-sentence">
        <Status state="ready">no problem</Status> {plural(files, 'item')}
        {removed > 0 && `, and ${count(removed)} to be removed,`} in {plural(sets.length, 'set')} of{' '}
        {plural(families, 'family', 'families')} of the vendor <strong class="wrap">{vendor}</strong>. Whether each
        drawing can be rendered is seen after sending.
      </p>
      <ul class="upload-sets">
        {sets.slice(0, SETS_SHOWN).map((set) => (
          <li key={set.uniqueId} class="row apart">
            <span class="clip">
              <span class="muted">{set.family.slice(0, 120)} / </span>
              {set.name.slice(0, 120)}
            </span>
            <span class="muted small nowrap">
              {plural(set.files, 'item')}
              {set.removed > 0 && `, ${count(set.removed)} removed`}
            </span>
          </li>
        ))}
        {sets.length > SETS_SHOWN && <li class="muted small">and {plural(sets.length - SETS_SHOWN, 'more set')}</li>}
      </ul>
      <p>
        <Button kind="primary" icon="uploads" why={why} onClick={submit}>
          {error ? 'Send it again' : `Send ${bytes(size)}`}
        </Button>
      </p>
    </>
  )
}
