import { expect, it } from 'vitest'
import { pruneAuditLog } from '../src/access/audit.ts'
import { recordConfiguration } from '../src/access/configuration.ts'
import type { App } from '../src/app.ts'
import { printGlobalId } from '../src/core/global-id.ts'
import { runChange } from '../src/db/change.ts'
import { inTransaction } from '../src/db/database.ts'
import { ADMIN_TOKEN, ask, importDrawings, testApp, testConfig, testServer } from './support/setup.ts'
import { seedToken } from './support/two-vendors.ts'

const entriesOf = async ({ prisma }: App) =>
  (await prisma.auditEntry.findMany({ orderBy: { id: 'asc' } })).map(
    ({ actor, action, target, outcome }) => `${actor} ${action} ${target} ${outcome}`,
  )

it('has every mutation, whether it was done, refused or failed, with the id of its request', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  const { headers } = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'x-request-id': 'request-1',
    },
    body: JSON.stringify({ query: 'mutation { createUpload(vendor: "acme", fileName: "a.zip", bytes: 1) { url } }' }),
  })
  expect(headers.get('x-request-id')).toBe('request-1')
  const missing = printGlobalId('Backfill', 7)
  await ask(url, `mutation { pauseBackfill(id: "${missing}") { id } }`)
  await ask(url, 'mutation { startBackfill { id } }', { token: null })
  await ask(url, '{ webhooks { totalCount } }', { token: 'wrong' })
  const made = `admin createUpload ${printGlobalId('Upload', 1)} DONE`
  await app.access.audit.close()
  expect((await entriesOf(app)).sort()).toEqual([
    `admin createUpload ${printGlobalId('Upload', 1)} DONE`,
    `admin pauseBackfill ${missing} NOT_FOUND`,
    'anonymous startBackfill null FORBIDDEN',
    'unknown authenticate /graphql FORBIDDEN: not valid',
  ])
  const log = '{ auditLog(last: 1) { nodes { actor action target outcome requestId } } }'
  const { data } = await ask<{ auditLog: { nodes: Record<string, string>[] } }>(url, log)
  const [entry] = data.auditLog.nodes
  expect(`${entry?.actor} ${entry?.action} ${entry?.target} ${entry?.outcome}`).toBe(made)
  expect(entry?.requestId).toBe('request-1')
  const lines = await fetch(`${url}/audit.jsonl`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  const exported = (await lines.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(exported[0]).toMatchObject({ actor: 'admin', action: 'createUpload', requestId: 'request-1' })
  expect(exported.length).toBe(4)
})

it('shows the history of one thing, under its node id and its unique id', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, 2)
  const [item, other] = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const [id, uniqueId] = [printGlobalId('Icon', item?.id ?? 0), item?.uniqueId ?? '']
  await ask(url, `mutation { takeDown(id: "${uniqueId}", reason: "test") { id } }`)
  await ask(url, `mutation { restore(id: "${id}") { id } }`)
  await ask(url, `mutation { takeDown(id: "${other?.uniqueId}", reason: "test") { id } }`)
  const history = async (target: string, token = ADMIN_TOKEN) => {
    const query = 'query($target: String) { auditLog(target: $target) { totalCount nodes { action } } }'
    const { data, errors } = await ask<{ auditLog: { totalCount: number; nodes: { action: string }[] } }>(url, query, {
      variables: { target },
      token,
    })
    return errors ? errors[0]?.extensions.code : data.auditLog.nodes.map(({ action }) => action)
  }
  expect(await history(uniqueId)).toEqual(['restore', 'takeDown'])
  expect(await history(id)).toEqual(['restore', 'takeDown'])
  expect(await history('nothing like it')).toEqual([])
  expect(await history('a'.repeat(301))).toBe('BAD_INPUT')
  // A vendor sees what was done with that vendor's tokens, and no operator's doings.
  const token = await seedToken(app.pg, { username: 'acme' })
  expect(await history(uniqueId, token)).toEqual([])
  await ask(url, `mutation { retryItem(id: "${uniqueId}") { id } }`, { token })
  await app.access.audit.close()
  expect(await history(id, token)).toEqual(['retryItem'])
})

it('has an entry if and only if the change is committed', async () => {
  const { pg, access } = await testApp()
  const record = (outcome: string) => ({
    target: 'a',
    record: (db: Parameters<typeof access.audit.write>[0], target: string | null) =>
      access.audit.write(db, {
        caller: { actor: 'admin', vendor: null },
        action: 'test',
        target,
        outcome,
        requestId: null,
      }),
  })
  const change = (outcome: string, sql: string) =>
    runChange(pg, record(outcome), () => inTransaction(pg, (client) => client.query(sql)))
  await change('kept', `insert into layout_use (layout) values ('a')`)
  await change('lost', `insert into layout_use (layout) values ('a')`).catch(() => {})
  // A constraint that is checked at the commit.
  await pg.query('create table late (id int primary key deferrable initially deferred)')
  await change('late', 'insert into late values (1), (1)').catch(() => {})
  const { rows } = await pg.query('select outcome from audit_entry')
  expect(rows).toEqual([{ outcome: 'kept' }])
})

it('keeps a bounded number of refusals of one actor, and all of what was done', async () => {
  const app = await testApp()
  const { audit } = app.access
  const refusal = { caller: { actor: 'unknown', vendor: null }, target: null, outcome: 'FORBIDDEN', requestId: null }
  for (let number = 0; number < 10_000; number++) audit.refuse({ ...refusal, action: `${number}` })
  for (let number = 0; number < 100; number++)
    await audit.write(app.pg, { ...refusal, outcome: 'DONE', action: 'done' })
  await audit.close()
  expect(await app.prisma.auditEntry.count({ where: { outcome: 'FORBIDDEN' } })).toBe(60)
  expect(await app.prisma.auditEntry.count({ where: { outcome: 'DONE' } })).toBe(100)
})

it('says which variables changed since the last start, and nothing of their values', async () => {
  const app = await testApp(await testConfig())
  const { pg, access } = app
  const start = async (env: Record<string, string>) =>
    recordConfiguration(pg, { config: await testConfig(env), keys: ['a-key'], audit: access.audit })
  const base = { DATABASE_URL: 'postgres://localhost/x', DATA_DIR: '/tmp' }
  await start(base)
  await start(base)
  await start({ ...base, ADMIN_TOKEN: 'changed-token', TRANSFORM_DAYS: '7' })
  await start({ ...base, ADMIN_TOKEN: 'changed-token', PORT: '4444' })
  const [first, ...others] = await entriesOf(app)
  expect(first).toMatch(
    /^system configure ACCESS_LOG, ADMIN_TOKEN, DRAIN_SECONDS, LAYOUTS_FILE, PRESETS_FILE, .* DONE$/,
  )
  expect(others).toEqual(['system configure ADMIN_TOKEN, TRANSFORM_DAYS DONE', 'system configure TRANSFORM_DAYS DONE'])
  expect(JSON.stringify((await pg.query('select * from configuration')).rows)).not.toContain('changed-token')
})

it('is deleted after AUDIT_DAYS', async () => {
  const app = await testApp()
  await app.pg.query(`
    insert into audit_entry (actor, action, outcome, at)
    select 'a', n::text, 'DONE', now() - make_interval(days => n) from generate_series(1, 20) as n`)
  await pruneAuditLog(app.pg, { days: 10 })
  expect(await app.prisma.auditEntry.count()).toBe(9)
})
