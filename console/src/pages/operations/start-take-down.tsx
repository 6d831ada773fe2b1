import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type RequestError, request, toRequestError } from '../../data/client.ts'
import { useMutation } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import { FindTarget, type FindTargetQuery, TakeDown } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Segments, TextField } from '../../ui/form.tsx'
import { Problem } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'

const REASON_MAX = 500

/** What can be taken down with what was found: from the item up to its vendor. */
interface Target {
  readonly value: string
  readonly label: string
  readonly name: string
}

function targetsOf({ item, family }: FindTargetQuery['explain']): readonly Target[] {
  const target = (label: string, value: string, name: string) => ({ value, label, name: name.slice(0, 120) })
  if (item)
    return [
      target('The item', item.uniqueId, item.name),
      target('Its set', item.iconSet.uniqueId, item.iconSet.name),
      target('Its family', item.family.uniqueId, item.family.name),
      target('Its vendor', item.vendor.id, item.vendor.name),
    ]
  return family
    ? [target('The family', family.uniqueId, family.name), target('Its vendor', family.vendor.id, family.vendor.name)]
    : []
}

/** Finds what is meant by any address or name, asks for the reason, and has the name typed before anything is hidden. */
export function StartTakeDown({ onStarted }: { onStarted: () => void }) {
  const [state, set] = useUrlState()
  const text = useSignal(state.about ?? '')
  const reason = useSignal(state.reason ?? '')
  const targets = useSignal<readonly Target[]>([])
  const chosen = useSignal('')
  const problem = useSignal<string | null>(null)
  const error = useSignal<RequestError | null>(null)
  const isFinding = useSignal(false)
  const isConfirming = useSignal(false)
  const target = targets.value.find(({ value }) => value === chosen.value)

  const find = async () => {
    const url = text.value.trim()
    problem.value = url ? null : 'Paste the address of a picture, an id or a slug.'
    error.value = null
    targets.value = []
    set({ about: url }, { replace: true })
    if (!url) return
    isFinding.value = true
    try {
      const { explain } = await request(FindTarget, { url })
      targets.value = targetsOf(explain)
      chosen.value = targets.value[0]?.value ?? ''
      if (targets.value.length === 0) problem.value = explain.sentence
    } catch (thrown) {
      error.value = toRequestError(thrown)
    } finally {
      isFinding.value = false
    }
  }
  useEffect(() => {
    // The page was loaded again.
    if (text.peek()) void find()
  }, [])
  const why = reason.value.trim() ? null : 'Give the reason first: it is kept in the receipt.'
  return (
    <div class="operate">
      <form
        class="operate-line"
        onSubmit={(event) => {
          event.preventDefault()
          void find()
        }}
      >
        <TextField
          label="What is it about?"
          problem={problem.value}
          placeholder="https://…, an id or a slug"
          maxLength={2000}
          value={text}
          onInput={() => {
            targets.value = []
          }}
        />
        <Button type="submit" icon="search" isBusy={isFinding.value}>
          Find
        </Button>
      </form>
      {error.value && <Problem error={error.value} what="It could not be looked up." />}
      {target && (
        <>
          <Segments
            label="What to take down"
            value={chosen.value}
            choices={targets.value}
            onChange={(value) => {
              chosen.value = value
            }}
          />
          <Field label="Reason" hint={`For the receipt, ${REASON_MAX} characters at most.`}>
            {(props) => (
              <textarea
                {...props}
                class="input"
                rows={2}
                maxLength={REASON_MAX}
                value={reason.value}
                onInput={({ currentTarget }) => {
                  reason.value = currentTarget.value
                  set({ reason: currentTarget.value }, { replace: true })
                }}
              />
            )}
          </Field>
          <p>
            <Button
              kind="danger"
              why={why}
              onClick={() => {
                isConfirming.value = true
              }}
            >
              {`Take down ${target.name}`}
            </Button>
          </p>
          <ConfirmByName
            target={target}
            reason={reason.value}
            isOpen={isConfirming.value}
            onClose={() => {
              isConfirming.value = false
            }}
            onStarted={() => {
              isConfirming.value = false
              targets.value = []
              text.value = ''
              reason.value = ''
              set({ about: '', reason: '' }, { replace: true })
              onStarted()
            }}
          />
        </>
      )}
    </div>
  )
}

function ConfirmByName(props: {
  target: Target
  reason: string
  isOpen: boolean
  onClose: () => void
  onStarted: () => void
}) {
  const { target, reason, isOpen, onClose, onStarted } = props
  const typed = useSignal('')
  const taking = useMutation(TakeDown)
  const isSame = typed.value.trim() === target.name.trim()
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!isSame) return
    const result = await taking.run({ id: target.value, reason })
    if (!result) return
    toast(`${target.name} is hidden. Its pictures are being deleted.`, 'gone')
    onStarted()
  }
  const close = () => {
    typed.value = ''
    onClose()
  }
  return (
    <Dialog title={`Take down ${target.name}?`} isOpen={isOpen} onClose={close}>
      <p>
        It is hidden at once, with all below it, and its pictures are deleted. Originals stay, and it can be restored.
      </p>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <TextField label={`Type its name: ${target.name}`} value={typed} />
        {taking.error && <Problem error={taking.error} what="It was not taken down." />}
        <div class="row">
          <Button type="submit" kind="danger" why={isSame ? null : 'Type the name first.'} isBusy={taking.isBusy}>
            Take it down
          </Button>
          <Button kind="quiet" onClick={close}>
            Keep it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
