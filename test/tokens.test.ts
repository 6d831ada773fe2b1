import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { ADMIN, TOKEN_SCOPES } from '../src/access/caller.ts'
import { createCredential, isCredential } from '../src/access/credential.ts'
import { createToken, revokeToken } from '../src/access/tokens.ts'
import type { App } from '../src/app.ts'
import { printGlobalId } from '../src/core/global-id.ts'
import { programEnv } from './support/program-env.ts'
import { seededRandom } from './support/random.ts'
import { ADMIN_TOKEN, ask, listen, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

interface Created {
  readonly createToken: { readonly secret: string; readonly token: { readonly id: string } }
}
const CREATE = `mutation ($name: String! = "a test", $scopes: [String!]!, $vendor: String, $expiresAt: DateTime) {
  createToken(name: $name, scopes: $scopes, vendor: $vendor, expiresAt: $expiresAt) { secret token { id } }
}`

async function create(url: string, variables: object, token?: string) {
  const { data, errors } = await ask<Created | null>(url, CREATE, { variables, token })
  return { ...data?.createToken, code: errors?.[0]?.extensions.code, message: errors?.[0]?.message }
}

/** The code of the error that a token gets where it has to have any scope; null if it is accepted. */
const refusal = async (app: App, authorization: string): Promise<string | null> =>
  app.access.identify({ authorization, path: '/', requestId: null }).then(
    () => null,
    (error) => error.code,
  )

describe('a token', () => {
  it('is shown once, works within its scopes, and is listed with its last use', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const { secret = '' } = await create(url, { scopes: ['operations:read', 'upload:write'] })
    expect(isCredential(secret)).toBe(true)
    expect(
      (await ask(url, '{ backfills { totalCount } uploads { totalCount } }', { token: secret })).errors,
    ).toBeUndefined()
    const { errors } = await ask(url, '{ webhooks { totalCount } }', { token: secret })
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    expect(errors?.[0]?.message).toContain('webhook:write')
    const list = '{ tokens { nodes { name prefix scopes vendorUsername lastUsedAt revokedAt } } }'
    const listed = await until(async () => {
      const { data } = await ask<{ tokens: { nodes: { lastUsedAt: string | null }[] } }>(url, list)
      return data.tokens.nodes[0]?.lastUsedAt ? data.tokens.nodes : null
    })
    expect(listed).toEqual([
      {
        name: 'a test',
        prefix: secret.slice(0, 16),
        scopes: ['upload:write', 'operations:read'],
        vendorUsername: null,
        lastUsedAt: expect.any(String),
        revokedAt: null,
      },
    ])
    expect(JSON.stringify((await app.pg.query('select * from token')).rows)).not.toContain(secret.slice(17))
  })

  it('cannot give more than it has: scopes, vendors or time', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const expiresAt = '2999-01-01T00:00:00.000Z'
    const mine = { scopes: ['token:write', 'upload:write'], vendor: 'alpha', expiresAt }
    const { secret } = await create(url, mine)
    const given = async (wanted: object) => (await create(url, wanted, secret)).code
    expect(await given({ scopes: ['webhook:write'] })).toBe('FORBIDDEN')
    expect(await given({ scopes: ['upload:write'], vendor: 'beta' })).toBe('FORBIDDEN')
    expect(await given({ scopes: ['upload:write'], expiresAt: '2999-01-02T00:00:00Z' })).toBe('FORBIDDEN')
    expect(await given({ scopes: ['upload:write'] })).toBeUndefined()
    const child = await app.prisma.token.findFirstOrThrow({ orderBy: { id: 'desc' } })
    expect([child.vendor, child.expiresAt?.toISOString()]).toEqual(['alpha', expiresAt])
  })

  it.each<[string, object, RegExp]>([
    ['an unknown scope', { scopes: ['everything'] }, /"everything" is not a scope/],
    ['no scope', { scopes: [] }, /scopes has 0 entries/],
    [
      'a scope that shows the whole installation, with a vendor',
      { scopes: ['delivery:read'], vendor: 'a' },
      /delivery:read/,
    ],
    ['no name', { name: ' ', scopes: ['upload:write'] }, /name has 0 characters/],
    ['a vendor that cannot be', { scopes: ['upload:write'], vendor: 'a/b' }, /not a vendor's username/],
    ['a date that has passed', { scopes: ['upload:write'], expiresAt: '2020-01-01T00:00:00Z' }, /has passed/],
  ])('is not created with %s', async (_what, variables, sentence) => {
    const { url } = await testServer(await testApp())
    const { code, message } = await create(url, variables)
    expect([code, message]).toEqual(['BAD_INPUT', expect.stringMatching(sentence)])
  })

  it('is refused by every process once it is revoked, and so are those that it created', async () => {
    const config = await testConfig()
    const [one, other] = [await testApp(config), await testApp(config)]
    const [{ url }, { url: otherUrl }] = [await testServer(one), await testServer(other)]
    const parent = await create(url, { scopes: ['token:write', 'operations:read'] })
    const child = await create(url, { scopes: ['operations:read'] }, parent.secret)
    const query = '{ backfills { totalCount } }'
    const accepted = async (token?: string) => !(await ask(otherUrl, query, { token })).errors
    expect([await accepted(parent.secret), await accepted(child.secret)]).toEqual([true, true])
    await ask(url, `mutation { revokeToken(id: "${parent.token?.id}") { revokedAt } }`)
    for (const { secret } of [parent, child]) {
      await until(async () => !(await accepted(secret)))
      expect(await refusal(other, `Bearer ${secret}`)).toBe('FORBIDDEN')
    }
  })

  it('leaves no child when it is revoked, however many it creates at that moment', async () => {
    const app = await testApp()
    const wanted = { scopes: ['token:write'], vendor: null, expiresAt: null }
    const { id, secret } = await createToken(app, { ...wanted, name: 'a leaked one', by: ADMIN })
    const by = await app.access.identify({ authorization: `Bearer ${secret}`, path: '/', requestId: null })
    const creating = Array.from({ length: 40 }, async (_, at) => {
      if (at === 20) await revokeToken(app, id, { vendor: null })
      return await createToken(app, { ...wanted, name: `child ${at}`, by }).catch(({ code }) => code)
    })
    expect(await Promise.all(creating)).toContain('FORBIDDEN')
    expect(await app.prisma.token.count({ where: { revokedAt: null } })).toBe(0)
    // Another process may take it for valid for some seconds.
    await expect(createToken(app, { ...wanted, name: 'late', by })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('that is revoked, expires or may do less ends its subscriptions, though nothing happens in them', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const { id } = await app.prisma.backfill.create({
      data: { mode: 'ALL', status: 'PAUSED', presets: [], formats: [], fingerprint: 'x' },
    })
    const query = `subscription { backfillProgress(id: "${printGlobalId('Backfill', id)}") { status } }`
    const follow = async (body: string, name: string) => {
      const { secret = '' } = await create(url, { name, scopes: ['operations:read'] })
      const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
      const sent = { method: 'POST', headers: { ...headers, authorization: `Bearer ${secret}` }, body }
      const response = await fetch(`${url}/graphql`, sent)
      return response.body?.getReader() ?? expect.fail('no body')
    }
    const changes = ['revoked_at = now()', `expires_at = now()`, `scopes = '{upload:write}'`]
    const ends = changes.flatMap((change) =>
      [query, 'subscription { operationsProgress { images } }'].map(async (text) => {
        const name = `${text} ${change}`.slice(-90)
        const events = await follow(JSON.stringify({ query: text }), name)
        let said = ''
        const readOn = async () => {
          const { done, value } = await events.read()
          said += Buffer.from(value ?? []).toString()
          return !done
        }
        while (!said.includes('"data"') && (await readOn()));
        await app.pg.query(`update token set ${change} where name = $1`, [name])
        while (await readOn());
        return said
      }),
    )
    for (const said of await Promise.all(ends))
      expect(said).toMatch(/"errors":\[\{"message":"[^"]*[Tt]oken [^"]*".*"code":"FORBIDDEN".*\n\nevent: complete/)
  })

  it('without the scope of a subscription is refused before it begins', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const { secret = '' } = await create(url, { scopes: ['upload:write'] })
    const sent = (token: string) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: `subscription { backfillProgress(id: "${printGlobalId('Backfill', 1)}") { id } }`,
      }),
    })
    // It ends by itself, and says nothing of whether there is such a backfill.
    expect(await (await fetch(`${url}/graphql`, sent(secret))).text()).toContain('"code":"FORBIDDEN"')
  })

  it('is refused soon even if the notification is lost', async () => {
    const app = await testApp()
    const { secret } = await createToken(app, {
      name: 'a',
      scopes: ['upload:write'],
      vendor: null,
      expiresAt: null,
      by: ADMIN,
    })
    expect(await refusal(app, `Bearer ${secret}`)).toBeNull()
    await app.pg.query('update token set revoked_at = now()')
    await until(async () => (await refusal(app, `Bearer ${secret}`)) !== null)
  })
})

describe('npm run token', () => {
  it('creates, lists and revokes a token of a running service, and the audit log has both', async () => {
    const config = await testConfig()
    const app = await testApp(config)
    const run = async (...args: string[]) => {
      const env = { ...programEnv(), DATABASE_URL: config.databaseUrl ?? '', DATA_DIR: config.dataDir }
      const file = path.join(import.meta.dirname, '../src/bin/afterimage.ts')
      return (await promisify(execFile)(process.execPath, [file, 'token', ...args], { env })).stdout.trim()
    }
    const secret = await run(
      'create',
      'acme',
      '--scopes',
      'upload:write,webhook:write',
      '--vendor',
      'acme',
      '--new-vendor',
    )
    expect(await refusal(app, `Bearer ${secret}`)).toBeNull()
    expect(await run('list')).toMatch(/^ai_live_\w{8} {2}valid {2}acme {2}upload:write,webhook:write {2}.* acme$/)
    await run('revoke', secret.slice(0, 16))
    await until(async () => (await refusal(app, `Bearer ${secret}`)) === 'FORBIDDEN')
    const entries = await app.prisma.auditEntry.findMany({ where: { actor: 'admin' }, orderBy: { id: 'asc' } })
    expect(entries.map(({ action, target }) => `${action} ${target}`)).toEqual([
      `createToken ${printGlobalId('Token', 1)}`,
      `revokeToken ${printGlobalId('Token', 1)}`,
    ])
    await expect(run('revoke', 'ai_live_none')).rejects.toMatchObject({
      stderr: expect.stringContaining('There is no token'),
    })
  })
})

describe('admin tokens', () => {
  it('of ADMIN_TOKENS and ADMIN_TOKEN are all valid, so that one can be replaced', async () => {
    const app = await testApp(await testConfig({ ADMIN_TOKENS: 'new-one, old-one' }))
    const refusals = ['new-one', 'old-one', ADMIN_TOKEN, 'new-one,', 'new'].map((token) =>
      refusal(app, `Bearer ${token}`),
    )
    expect(await Promise.all(refusals)).toEqual([null, null, null, 'FORBIDDEN', 'FORBIDDEN'])
  })
})

describe('ten thousand credentials', () => {
  it('of which none is accepted that is forged, truncated, reordered, expired or revoked, and none refused that is valid', async () => {
    const app = await testApp()
    const random = seededRandom()
    const pick = (count: number) => Math.floor(random() * count)
    const options = { scopes: [...TOKEN_SCOPES], vendor: null, expiresAt: null, by: ADMIN }
    const make = async (name: string) => (await createToken(app, { ...options, name })).secret
    const [valid, expired, revoked] = [await make('valid'), await make('expired'), await make('revoked')]
    await app.pg.query(`update token set expires_at = now() - interval '1 second' where name = 'expired'`)
    await app.pg.query(`update token set revoked_at = now() where name = 'revoked'`)
    const flip = (text: string) => {
      const at = pick(text.length)
      const letter = 'abcdefghijklmnopqrstuvwxyz0123456789_-ABC'[pick(41)] ?? 'x'
      return `${text.slice(0, at)}${letter}${text.slice(at + 1)}`
    }
    const kinds: Record<string, () => string> = {
      invented: () => createCredential().secret,
      altered: () => flip(valid),
      truncated: () => valid.slice(0, pick(valid.length)),
      lengthened: () => valid + valid.slice(0, 1 + pick(5)),
      reordered: () => [...valid].map((sign, at, all) => all[(at + 1 + pick(3)) % all.length] ?? sign).join(''),
      'with another prefix': () => `${createCredential().prefix}${valid.slice(16)}`,
      'in capitals': () => valid.toUpperCase(),
      expired: () => expired,
      revoked: () => revoked,
      'an altered admin token': () => flip(ADMIN_TOKEN),
      'a truncated admin token': () => ADMIN_TOKEN.slice(0, pick(ADMIN_TOKEN.length)),
      'without a signature': () => `${btoa('{"alg":"none"}')}.${btoa('{"sub":"admin"}')}.`,
    }
    const makers = Object.entries(kinds)
    const wrong: string[] = []
    for (let number = 0; number < 10_000; number++) {
      const isValid = number % 10 === 0
      const [kind, forge] = makers[number % makers.length] ?? ['', () => '']
      const credential = isValid ? valid : forge()
      const isAccepted = (await refusal(app, `Bearer ${credential}`)) === null
      // An altered one may by chance be as it was; an empty one is none.
      if (isAccepted !== (isValid || credential === valid || credential === ADMIN_TOKEN || credential === ''))
        wrong.push(`${kind}: ${credential}`)
    }
    expect(wrong).toEqual([])
    // Nor do they fill the disk.
    expect(await app.prisma.auditEntry.count()).toBeLessThan(1000)
  })
})

describe('JWTs', () => {
  it('are accepted if they are of the issuer, for the audience, current, and signed with its key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const forger = await generateKeyPair('ES256')
    let isAway = false
    const jwks = await listen(async (_request, response) => {
      if (isAway) return response.writeHead(500).end()
      response.end(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }] }))
    })
    const env = { JWKS_URL: `${jwks}/keys`, JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'afterimage' }
    const app = await testApp(await testConfig(env))
    type Key = Parameters<SignJWT['sign']>[0]
    const jwt = (claims: object = {}, { key = privateKey as Key, header = { alg: 'ES256', kid: 'a' } } = {}) =>
      new SignJWT({
        iss: env.JWT_ISSUER,
        aud: env.JWT_AUDIENCE,
        sub: 'somebody',
        exp: Math.floor(Date.now() / 1000) + 600,
        scope: 'upload:write operations:read other',
        vendor: 'alpha',
        ...claims,
      })
        .setProtectedHeader(header)
        .sign(key)
    const identify = (token: string) =>
      app.access.identify({ authorization: `Bearer ${token}`, path: '/', requestId: null })
    isAway = true
    await expect(identify(await jwt())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    isAway = false
    const caller = await until(async () => identify(await jwt()).catch(() => null), 20_000)
    expect([caller.actor, caller.vendor, [...caller.scopes].sort()]).toEqual([
      'jwt:somebody',
      { id: 0, username: 'alpha' },
      ['catalogue:read', 'operations:read', 'upload:write'],
    ])
    expect((await identify(await jwt({ vendor: '*', scope: ['token:write'] }))).vendor).toBeNull()
    const shared = {
      key: new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey))),
      header: { alg: 'HS256', kid: 'a' },
    }
    const refused: [string, string][] = [
      ['another issuer', await jwt({ iss: 'https://other.example.com' })],
      ['another audience', await jwt({ aud: 'other' })],
      ['an expired one', await jwt({ exp: Math.floor(Date.now() / 1000) - 60 })],
      ['without expiry', await jwt({ exp: undefined })],
      ['not yet valid', await jwt({ nbf: Math.floor(Date.now() / 1000) + 600 })],
      ['without a vendor', await jwt({ vendor: undefined })],
      ['with a vendor that is no name', await jwt({ vendor: ['alpha'] })],
      ['signed with another key', await jwt({}, { key: forger.privateKey })],
      ['signed with the public key as a shared one', await jwt({}, shared)],
      ['unsigned', `${(await jwt()).split('.').slice(0, 2).join('.')}.AA`],
    ]
    for (const [what, token] of refused) expect(await refusal(app, `Bearer ${token}`), what).toBe('FORBIDDEN')
  })
})
