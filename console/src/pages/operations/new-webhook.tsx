import { useSignal } from '@preact/signals'
import { EVENT_TYPES } from '../../../../src/webhooks/event-types.ts'
import { useMutation } from '../../data/query.ts'
import { viewer } from '../../data/session.ts'
import { CreateWebhook } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Check, TextField } from '../../ui/form.tsx'
import { Problem } from '../../ui/notice.tsx'

/** A form for a webhook. @param onCreated gets its secret, to be shown once */
export function NewWebhook({ onCreated }: { onCreated: (created: { url: string; secret: string }) => void }) {
  const url = useSignal('')
  const vendor = useSignal('')
  const types = useSignal<readonly string[]>([])
  const creating = useMutation(CreateWebhook)
  const own = viewer.value?.vendor?.username
  const why = !url.value.trim()
    ? 'Give its address first.'
    : types.value.length === 0
      ? 'Choose first what it is told.'
      : null
  const submit = async (event: Event) => {
    event.preventDefault()
    if (why) return
    const given = { url: url.value.trim(), types: types.value, vendor: vendor.value.trim() || null }
    const result = await creating.run(given)
    if (result) onCreated({ url: result.createWebhook.webhook.url, secret: result.createWebhook.secret })
  }
  return (
    <form class="operate" onSubmit={(event) => void submit(event)}>
      <div class="operate-line">
        <TextField label="Address" type="url" placeholder="https://…" maxLength={2000} value={url} />
        <TextField label="Vendor" placeholder={own ?? 'all vendors, or a username'} maxLength={64} value={vendor} />
      </div>
      <fieldset class="choices">
        <legend>What is it told?</legend>
        {EVENT_TYPES.map((type) => (
          <Check
            key={type}
            label={<code>{type}</code>}
            checked={types.value.includes(type)}
            onChange={(isOn) => {
              types.value = isOn ? [...types.value, type] : types.value.filter((each) => each !== type)
            }}
          />
        ))}
      </fieldset>
      {creating.error && <Problem error={creating.error} what="The webhook was not added." />}
      <p>
        <Button type="submit" kind="primary" why={why} isBusy={creating.isBusy}>
          Add the webhook
        </Button>
      </p>
    </form>
  )
}
