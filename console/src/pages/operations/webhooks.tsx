import { useSignal } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useMutation } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import {
  DeleteWebhook,
  EnableWebhook,
  RotateWebhookSecret,
  type WebhookFieldsFragment,
  Webhooks as WebhooksDocument,
} from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { Status } from '../../ui/status.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { toast } from '../../ui/toast.tsx'
import { ago, count } from '../../words.ts'
import { Confirm } from './confirm.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { Closed, OperationsHead } from './head.tsx'
import { NewWebhook } from './new-webhook.tsx'
import { Secret } from './secret.tsx'

type Webhook = WebhookFieldsFragment
const PAGE = 50

/** Where events are sent to, and those that could not be delivered. */
export default function Webhooks() {
  const why = whyNot('webhook:write')
  return (
    <>
      <OperationsHead
        path="/operations/webhooks"
        lead="Addresses that are told what happens, in signed requests, until they have accepted them."
      />
      {why ? <Closed why={why} /> : <All />}
    </>
  )
}

function All() {
  const load = useCallback<LoadPage<Webhook>>(
    async (after, signal) => (await request(WebhooksDocument, { first: PAGE, after }, { signal })).webhooks,
    [],
  )
  const list = useMore(load)
  const secret = useSignal<{ url: string; secret: string } | null>(null)
  const asked = useSignal<Webhook | null>(null)
  const deleting = useMutation(DeleteWebhook)
  const enabling = useMutation(EnableWebhook)
  const rotating = useMutation(RotateWebhookSecret)
  const error = deleting.error ?? enabling.error ?? rotating.error
  const remove = async () => {
    if (!asked.value) return
    const result = await deleting.run({ id: asked.value.id })
    asked.value = null
    if (!result) return
    toast('The webhook is deleted.', 'gone')
    list.reload()
  }
  const columns = columnsOf({
    onEnable: async ({ id }) => {
      if (!(await enabling.run({ id }))) return
      toast('The webhook is enabled; what waits for it is sent.')
      list.reload()
    },
    onRotate: async ({ id, url }) => {
      const result = await rotating.run({ id })
      if (result) secret.value = { url, secret: result.rotateWebhookSecret.secret }
    },
    onDelete: (webhook) => {
      asked.value = webhook
    },
  })
  return (
    <>
      {secret.value ? (
        <Secret
          what={`Deliveries to ${secret.value.url} are signed with this secret.`}
          secret={secret.value.secret}
          onDone={() => {
            secret.value = null
          }}
        />
      ) : (
        <NewWebhook
          onCreated={(created) => {
            secret.value = created
            list.reload()
          }}
        />
      )}
      <Section title="All webhooks">
        {error && <Problem error={error} what="That was not done." />}
        {list.nodes?.length === 0 ? (
          <Empty title="There are no webhooks.">
            <p>Add an address above: it is told when pictures, previews, uploads and backfills are ready.</p>
          </Empty>
        ) : (
          <Table label="Webhooks" columns={columns} rows={list.nodes ?? []} keyOf={({ id }) => id} />
        )}
        <More list={list} what="The webhooks cannot be shown." />
      </Section>
      <DeadLetters webhooks={list.nodes ?? []} />
      <Confirm
        title="Delete the webhook?"
        action="Delete it"
        isOpen={asked.value !== null}
        isBusy={deleting.isBusy}
        onClose={() => {
          asked.value = null
        }}
        onConfirm={remove}
      >
        What waits for {asked.value?.url} is not sent any more, and its dead letters are deleted.
      </Confirm>
    </>
  )
}

interface Actions {
  readonly onEnable: (webhook: Webhook) => unknown
  readonly onRotate: (webhook: Webhook) => unknown
  readonly onDelete: (webhook: Webhook) => unknown
}

const columnsOf = ({ onEnable, onRotate, onDelete }: Actions): readonly Column<Webhook>[] => [
  {
    name: 'Address',
    isTitle: true,
    cell: ({ url, vendor }) => (
      <span class="operate-name">
        <strong class="wrap">{url.slice(0, 200)}</strong>
        <br />
        <span class="muted">{vendor ? `of the vendor ${vendor} only` : 'of all vendors'}</span>
      </span>
    ),
  },
  { name: 'Status', cell: (webhook) => <WebhookState {...webhook} /> },
  {
    name: 'Events',
    isWide: true,
    cell: ({ types, error }) => (
      <>
        <span class="token-scopes">
          {types.map((type) => (
            <code key={type}>{type}</code>
          ))}
        </span>
        {error && <p class="failed small wrap">{error}</p>}
      </>
    ),
  },
  { name: 'Waiting', isNumber: true, cell: ({ waiting }) => count(waiting) },
  {
    name: '',
    isAction: true,
    cell: (webhook) => (
      <span class="row">
        {webhook.disabledAt && <Button onClick={() => onEnable(webhook)}>Enable</Button>}
        <Button icon="key" label={`Another secret for ${webhook.url}`} onClick={() => onRotate(webhook)} />
        <Button kind="danger" icon="close" label={`Delete ${webhook.url}`} onClick={() => onDelete(webhook)} />
      </span>
    ),
  },
]

function WebhookState({ disabledAt, failingSince }: Webhook) {
  if (disabledAt) return <Status state="gone">disabled {ago(disabledAt)}</Status>
  if (failingSince) return <Status state="failed">failing since {ago(failingSince).replace(' ago', '')}</Status>
  return <Status state="ready">accepting</Status>
}
