import { useSignal } from '@preact/signals'
import { useMutation } from '../../data/query.ts'
import { viewer } from '../../data/session.ts'
import { CreateToken } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Check, Select, TextField } from '../../ui/form.tsx'
import { Problem } from '../../ui/notice.tsx'
import { Secret } from './secret.tsx'

/** In words what each scope is for. */
const MEANINGS: Readonly<Record<string, string>> = {
  'catalogue:read': 'see the catalogue',
  'catalogue:write': 'change who sees what',
  'upload:write': 'send archives',
  'backfill:write': 'run backfills',
  'takedown:write': 'take down and restore',
  'preview:write': "choose families' previews",
  'webhook:write': 'change webhooks',
  'delivery:read': 'check delivery',
  'operations:read': 'see operations and the audit log',
  'originals:read': 'download originals',
  'token:write': 'create and revoke tokens',
}

const DAY_MS = 86_400_000
const LIVES = [
  { value: '7', label: 'in 7 days' },
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
] as const

/** A form for a token, whose secret is shown once. */
export function NewToken({ onCreated }: { onCreated: () => void }) {
  const name = useSignal('')
  const vendor = useSignal('')
  const scopes = useSignal<readonly string[]>([])
  const days = useSignal<(typeof LIVES)[number]['value']>('90')
  const created = useSignal<{ name: string; secret: string } | null>(null)
  const creating = useMutation(CreateToken)
  const own = viewer.value?.vendor?.username
  const why = !name.value.trim()
    ? 'Say first what it is for.'
    : scopes.value.length === 0
      ? 'Choose first what it may do.'
      : null
  const submit = async (event: Event) => {
    event.preventDefault()
    if (why) return
    const result = await creating.run({
      name: name.value,
      scopes: scopes.value,
      vendor: vendor.value.trim() || null,
      expiresAt: days.value ? new Date(Date.now() + Number(days.value) * DAY_MS).toISOString() : null,
    })
    if (!result) return
    created.value = { name: result.createToken.token.name, secret: result.createToken.secret }
    name.value = ''
    vendor.value = ''
    scopes.value = []
    onCreated()
  }
  if (created.value)
    return (
      <Secret
        what={`The token ${created.value.name} is created.`}
        secret={created.value.secret}
        onDone={() => {
          created.value = null
        }}
      />
    )
  return (
    <form class="operate" onSubmit={(event) => void submit(event)}>
      <div class="operate-line">
        <TextField label="What is it for?" placeholder="The shop's front end" maxLength={100} spellcheck value={name} />
        <TextField label="Vendor" placeholder={own ?? 'all vendors, or a username'} maxLength={64} value={vendor} />
      </div>
      <fieldset class="choices">
        <legend>What may it do?</legend>
        {viewer.value?.scopes.map((scope) => (
          <Check
            key={scope}
            label={<code>{scope}</code>}
            {...(MEANINGS[scope] ? { hint: MEANINGS[scope] } : {})}
            checked={scopes.value.includes(scope)}
            onChange={(isOn) => {
              scopes.value = isOn ? [...scopes.value, scope] : scopes.value.filter((each) => each !== scope)
            }}
          />
        ))}
      </fieldset>
      <Select
        label="Expires"
        value={days.value}
        choices={LIVES}
        onChange={(value) => {
          days.value = value
        }}
      />
      {creating.error && <Problem error={creating.error} what="The token was not created." />}
      <p>
        <Button type="submit" kind="primary" icon="key" why={why} isBusy={creating.isBusy}>
          Create the token
        </Button>
      </p>
    </form>
  )
}
