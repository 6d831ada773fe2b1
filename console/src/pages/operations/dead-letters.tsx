import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useMutation } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import {
  type DeadLetterFieldsFragment,
  DeadLetters as DeadLettersDocument,
  ReplayDeadLetter,
  ReplayDeadLetters,
  type WebhookFieldsFragment,
} from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/form.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { toast } from '../../ui/toast.tsx'
import { ago, count, plural } from '../../words.ts'

type DeadLetter = DeadLetterFieldsFragment
const PAGE = 50

/** Events that no attempt could deliver: why, what was sent, and sending them again. */
export function DeadLetters({ webhooks }: { webhooks: readonly WebhookFieldsFragment[] }) {
  const [{ webhook = '' }, set] = useUrlState()
  const load = useCallback<LoadPage<DeadLetter>>(
    async (after, signal) => {
      const variables = { first: PAGE, after, webhook: webhook || null }
      return (await request(DeadLettersDocument, variables, { signal })).deadLetters
    },
    [webhook],
  )
  const list = useMore(load)
  const one = useMutation(ReplayDeadLetter)
  const all = useMutation(ReplayDeadLetters)
  const error = one.error ?? all.error
  const replay = async ({ id }: DeadLetter) => {
    if (!(await one.run({ id }))) return
    toast('It is sent again, with a full set of attempts.')
    list.reload()
  }
  const replayAll = async () => {
    const result = await all.run({ webhook })
    if (!result) return
    toast(`${plural(result.replayDeadLetters, 'event')} sent again.`)
    list.reload()
  }
  const choices = [
    { value: '', label: 'all webhooks' },
    ...webhooks.map(({ id, url }) => ({ value: id, label: url.slice(0, 60) })),
  ]
  return (
    <Section
      title="Dead letters"
      aside={
        <div class="row wrapping">
          <Select
            label="Of"
            value={webhook}
            choices={choices}
            onChange={(value) => set({ webhook: value }, { replace: true })}
          />
          <Button
            icon="again"
            why={webhook ? null : 'Choose the webhook first whose dead letters are sent again.'}
            isBusy={all.isBusy}
            onClick={replayAll}
          >
            Replay all
          </Button>
        </div>
      }
    >
      {error && <Problem error={error} what="Nothing was sent again." />}
      {list.nodes?.length === 0 ? (
        <Empty title="Everything was delivered.">
          <p>An event that a receiver has not accepted in all attempts is kept here for 30 days.</p>
        </Empty>
      ) : (
        <Table label="Dead letters" columns={columnsOf(replay)} rows={list.nodes ?? []} keyOf={({ id }) => id} />
      )}
      <More list={list} what="The dead letters cannot be shown." />
    </Section>
  )
}

const columnsOf = (onReplay: (letter: DeadLetter) => unknown): readonly Column<DeadLetter>[] => [
  {
    name: 'Event',
    isTitle: true,
    cell: ({ type, createdAt }) => (
      <>
        <code>{type}</code> <span class="muted small nowrap">{ago(createdAt)}</span>
      </>
    ),
  },
  {
    name: 'Why, and what was sent',
    isWide: true,
    cell: ({ error, webhook, body }) => (
      <details class="letter">
        <summary>
          <span class="failed wrap">{error}</span> <span class="muted small wrap">{webhook.url.slice(0, 200)}</span>
        </summary>
        <pre>{body}</pre>
      </details>
    ),
  },
  { name: 'Answer', isNumber: true, cell: ({ status }) => (status === null ? null : String(status)) },
  { name: 'Attempts', isNumber: true, cell: ({ attempts }) => count(attempts) },
  {
    name: '',
    isAction: true,
    cell: (letter) => (
      <Button
        icon="again"
        why={letter.replaying ? 'It is being sent again already.' : null}
        onClick={() => onReplay(letter)}
      >
        Replay
      </Button>
    ),
  },
]
