import { describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { printGlobalId } from '../../src/core/global-id.ts'
import { schema } from '../../src/graphql/schema.ts'
import { requestsOf, type SchemaRequest } from '../support/schema-requests.ts'
import { testApp, testServer } from '../support/setup.ts'
import {
  idsOf,
  markOf,
  ownNames,
  type SeededVendor,
  scopesOf,
  seedCatalogue,
  seedEffects,
  seedPrivate,
  seedToken,
} from '../support/two-vendors.ts'

const ALPHA: SeededVendor = { username: 'alpha', number: 1 }
const BETA: SeededVendor = { username: 'beta', number: 2 }
const NODE_TYPES = schema.getPossibleTypes(schema.getType('Node') as never).map(({ name }) => name)
/** Those that everybody may read. */
const PUBLIC = ['Vendor', 'Family', 'IconSet', 'Icon', 'Illustration']

/** The root fields that list private types. */
const LISTS: Readonly<Record<string, string>> = {
  Backfill: 'backfills',
  RenderFailure: 'failures',
  TakeDown: 'takeDowns',
  Upload: 'uploads',
  Webhook: 'webhooks',
  DeadLetter: 'deadLetters',
  Token: 'tokens',
  AuditEntry: 'auditLog',
}

const REQUESTS = requestsOf(schema, {
  own: ownNames(ALPHA),
  foreignIds: idsOf(BETA, [...NODE_TYPES]),
  foreignUsername: BETA.username,
  foreignScopes: scopesOf(BETA),
})

/** A service with two vendors. @param hasPrivate whether there is anything private of beta */
async function openService({ hasPrivate }: { hasPrivate: boolean }) {
  const app = await testApp()
  for (const vendor of [ALPHA, BETA]) await seedCatalogue(app.pg, vendor)
  await seedEffects(app.pg, ALPHA, { isOther: false })
  await seedEffects(app.pg, BETA, { isOther: !hasPrivate })
  await seedPrivate(app.pg, ALPHA)
  if (hasPrivate) await seedPrivate(app.pg, BETA)
  const tokens = { alpha: await seedToken(app.pg, ALPHA), beta: await seedToken(app.pg, BETA) }
  return { app, tokens, url: (await testServer(app)).url }
}

/** The first answer, for a subscription its first event; what differs from run to run is masked. */
async function send(url: string, token: string, { query, variables, operation }: SchemaRequest): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      accept: operation === 'subscription' ? 'text/event-stream' : 'application/json',
    },
    body: JSON.stringify({ query, variables }),
  })
  if (operation !== 'subscription') return mask(await response.text(), url)
  let read = ''
  for await (const chunk of response.body ?? []) {
    read += Buffer.from(chunk).toString()
    const [, data] = /^data: (\{.*)$/m.exec(read) ?? []
    if (data) return mask(data, url)
  }
  return mask(read, url)
}

const mask = (text: string, url: string): string =>
  text
    .replaceAll(url, 'URL')
    .replaceAll(new URL(url).host, 'HOST')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/ai_live_[\w-]+/g, 'TOKEN')
    .replaceAll(/whsec_[\w+/=]+/g, 'SECRET')
    .replaceAll(/expires=\d+&signature=[\w-]+/g, 'SIGNED')
    .replaceAll(/"requestId":"[^"]*"/g, '"requestId":"ID"')

/** Everything private of a vendor, as the tables have it. */
async function rowsOf({ pg }: App, vendor: SeededVendor): Promise<unknown> {
  const id = vendor.number * 1000 + 1
  const tables = [
    'render_failure',
    'backfill',
    'take_down',
    'upload',
    'upload_problem',
    'webhook',
    'dead_letter',
    'token',
  ]
  const own = await Promise.all(
    tables.map(async (table) => (await pg.query(`select * from ${table} where id = ${id}`)).rows),
  )
  const counts = `
    select (select count(*) from take_down where owner_id = ${id}) as take_downs,
      (select count(*) from backfill where owner_id = ${id}) as backfills,
      (select count(*) from upload where vendor = '${vendor.username}') as uploads,
      (select count(*) from webhook where vendor = '${vendor.username}') as webhooks,
      (select count(*) from token where vendor = '${vendor.username}') as tokens,
      (select count(*) from composite where family_id = ${id}) as composites`
  return { own, counts: (await pg.query(counts)).rows }
}

describe("a vendor's token", () => {
  it("gets the same answer to every request of the schema, whether another vendor's things exist or not", async () => {
    const [shared, alone] = [await openService({ hasPrivate: true }), await openService({ hasPrivate: false })]
    const before = await rowsOf(shared.app, BETA)
    const differing: string[] = []
    for (const request of REQUESTS) {
      const [given, wanted] = await Promise.all([
        send(shared.url, shared.tokens.alpha, request),
        send(alone.url, alone.tokens.alpha, request),
      ])
      if (given !== wanted || given.includes(markOf(BETA)) || /INTERNAL|too large/.test(given))
        differing.push(
          `${request.name} ${JSON.stringify(request.variables)}\n  ${given.slice(0, 400)}\n  ${wanted.slice(0, 400)}`,
        )
    }
    expect(differing).toEqual([])
    expect(await rowsOf(shared.app, BETA)).toEqual(before)
    expect(REQUESTS.length).toBeGreaterThan(200)
  })

  it('shows its own things, so that the comparison above means something, and no others at the other addresses', async () => {
    const shared = await openService({ hasPrivate: true })
    const ask = (request: SchemaRequest | undefined) =>
      request ? send(shared.url, shared.tokens.beta, request) : Promise.resolve('')
    for (const type of NODE_TYPES.filter((name) => !PUBLIC.includes(name))) {
      const id = printGlobalId(type, 2001)
      const byId = REQUESTS.find(
        ({ field, query, variables }) => field === 'node' && query.includes(`on ${type} `) && variables.id === id,
      )
      expect(await ask(byId), type).toContain(id)
      const list = REQUESTS.find(({ field }) => field === LISTS[type])
      if (type !== 'UploadProblem') expect(await ask(list), type).toContain(id)
    }
    const get = async (path: string, token: string) => {
      const response = await fetch(`${shared.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
      return `${response.status} ${await response.text()}`
    }
    const { alpha, beta } = shared.tokens
    const backfill = printGlobalId('Backfill', 2001)
    for (const path of ['/failures.jsonl', '/audit.jsonl', `/failures.jsonl?backfill=${backfill}`]) {
      expect(await get(path, beta), path).toMatch(/^200 .*beta/s)
      expect(await get(path, alpha), path).not.toMatch(/beta/)
    }
    expect(await get(`/failures.jsonl?backfill=${backfill}`, alpha)).toBe('404 NOT_FOUND: There is no backfill 2001.\n')
    expect(await get('/metrics', alpha)).toMatch(/^403 FORBIDDEN: Metrics need a token of an operator/)
  })
})
