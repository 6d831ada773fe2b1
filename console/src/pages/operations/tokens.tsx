import { useSignal } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { useMutation } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { RevokeToken, type TokenFieldsFragment, Tokens as TokensDocument } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { More, useMore } from '../../ui/more.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { Status } from '../../ui/status.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { toast } from '../../ui/toast.tsx'
import { ago, fullTime } from '../../words.ts'
import { Confirm } from './confirm.tsx'
import { Closed, OperationsHead } from './head.tsx'
import { NewToken } from './new-token.tsx'

type Token = TokenFieldsFragment
const PAGE = 50

/** Who may do what: tokens created, shown once, and revoked. */
export default function Tokens() {
  const why = whyNot('token:write')
  return (
    <>
      <OperationsHead
        path="/operations/tokens"
        lead="Credentials for people and programs. None can do more than the token that creates it."
      />
      {why ? <Closed why={why} /> : <All />}
    </>
  )
}

function All() {
  const load = useCallback<LoadPage<Token>>(
    async (after, signal) => (await request(TokensDocument, { first: PAGE, after }, { signal })).tokens,
    [],
  )
  const list = useMore(load)
  const revoking = useMutation(RevokeToken)
  const asked = useSignal<Token | null>(null)
  const revoke = async () => {
    if (!asked.value) return
    const { id, name } = asked.value
    const result = await revoking.run({ id })
    asked.value = null
    if (!result) return
    toast(`${name.slice(0, 60)} is revoked, with all tokens that were created with it.`, 'gone')
    list.reload()
  }
  return (
    <>
      <NewToken onCreated={list.reload} />
      <Section title="All tokens">
        {revoking.error && <Problem error={revoking.error} what="The token was not revoked." />}
        {list.nodes?.length === 0 ? (
          <Empty title="No token has been created yet.">
            <p>Programs can use one with few scopes instead of the admin token.</p>
          </Empty>
        ) : (
          <Table
            label="Tokens"
            columns={columnsOf((token) => {
              asked.value = token
            })}
            rows={list.nodes ?? []}
            keyOf={({ id }) => id}
          />
        )}
        <More list={list} what="The tokens cannot be shown." />
      </Section>
      <Confirm
        title={`Revoke ${asked.value?.name.slice(0, 120) ?? ''}?`}
        action="Revoke it"
        isOpen={asked.value !== null}
        isBusy={revoking.isBusy}
        onClose={() => {
          asked.value = null
        }}
        onConfirm={revoke}
      >
        Whoever uses it is refused within five seconds, and so are all tokens that were created with it. This cannot be
        undone.
      </Confirm>
    </>
  )
}

const isExpired = ({ expiresAt }: Token) => expiresAt !== null && new Date(expiresAt).getTime() <= Date.now()

const columnsOf = (onRevoke: (token: Token) => void): readonly Column<Token>[] => [
  {
    name: 'Token',
    isTitle: true,
    cell: ({ name, prefix }) => (
      <span class="operate-name">
        <strong class="wrap">{name.slice(0, 100)}</strong>
        <br />
        <code class="muted">{prefix}…</code>
      </span>
    ),
  },
  {
    name: 'Status',
    cell: (token) =>
      token.revokedAt ? (
        <Status state="gone">revoked</Status>
      ) : isExpired(token) ? (
        <Status state="missing">expired</Status>
      ) : (
        <Status state="ready">valid</Status>
      ),
  },
  {
    name: 'May do',
    isWide: true,
    cell: ({ scopes, vendorUsername }) => (
      <>
        <span class="token-scopes">
          {scopes.map((scope) => (
            <code key={scope}>{scope}</code>
          ))}
        </span>
        <span class="muted small">{vendorUsername ? `of the vendor ${vendorUsername} only` : 'of all vendors'}</span>
      </>
    ),
  },
  { name: 'Used', cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt) : <span class="muted">never used</span>) },
  {
    name: 'Expires',
    cell: ({ expiresAt }) => (expiresAt ? fullTime(expiresAt) : <span class="muted">never expires</span>),
  },
  {
    name: '',
    isAction: true,
    cell: (token) =>
      token.revokedAt ? null : (
        <Button kind="danger" label={`Revoke ${token.name.slice(0, 60)}`} onClick={() => onRevoke(token)}>
          Revoke
        </Button>
      ),
  },
]
