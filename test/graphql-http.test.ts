import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { buildSchema, isAbstractType, printSchema } from 'graphql'
import { auditServer } from 'graphql-http'
import { describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, importDrawings, testApp, testConfig, testServer } from './support/setup.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const PAGE = '{ items(first: 40) { nodes { id name slug uniqueId image { url width height } } } }'

async function open({ env = {}, count = 0 }: { env?: Record<string, string>; count?: number } = {}) {
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  if (count > 0) await importDrawings(app, count)
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...JSON_TYPE, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const get = (parameters: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${url}/graphql?${new URLSearchParams(parameters)}`, {
      headers: { accept: 'application/json', ...JSON_TYPE, ...headers },
    })
  return { app, url, post, get }
}

/** The raw body: fetch would decompress it. */
function raw(url: string, headers: Record<string, string>, body?: string) {
  return new Promise<{ headers: Record<string, unknown>; bytes: Buffer }>((resolve, reject) => {
    const sent = request(
      url,
      {
        method: body ? 'POST' : 'GET',
        headers: { ...headers, ...(body ? { ...JSON_TYPE, 'content-length': Buffer.byteLength(body) } : {}) },
      },
      (response) => {
        response
          .toArray()
          .then((chunks) => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }), reject)
      },
    )
    sent.once('error', reject).end(body)
  })
}

describe('over HTTP', () => {
  it('answers are compressed with what the client takes, unless they are small or events', async () => {
    const { url } = await open({ count: 40 })
    const body = JSON.stringify({ query: PAGE })
    const plain = await raw(`${url}/graphql`, {}, body)
    expect(plain.headers['content-encoding']).toBeUndefined()
    const unpack = { gzip: gunzipSync, br: brotliDecompressSync }
    for (const [encoding, decompress] of Object.entries(unpack)) {
      const packed = await raw(`${url}/graphql`, { 'accept-encoding': encoding }, body)
      expect([packed.headers['content-encoding'], packed.headers.vary]).toEqual([
        encoding,
        expect.stringMatching(/accept-encoding/i),
      ])
      expect(decompress(packed.bytes).equals(plain.bytes)).toBe(true)
      expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 3)
    }
    expect((await raw(`${url}/graphql`, { 'accept-encoding': 'br, gzip' }, body)).headers['content-encoding']).toBe(
      'br',
    )
    const small = JSON.stringify({ query: '{ __typename }' })
    expect(
      (await raw(`${url}/graphql`, { 'accept-encoding': 'br' }, small)).headers['content-encoding'],
    ).toBeUndefined()
    expect((await raw(`${url}/schema.graphql`, { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBe('gzip')
  })

  it('compressed bodies are refused by name, and those with the coding identity are not', async () => {
    const { post } = await open()
    const refused = await post({ query: '{ __typename }' }, { 'content-encoding': 'gzip' })
    expect([refused.status, refused.headers.get('accept-encoding'), await refused.json()]).toMatchObject([
      415,
      'identity',
      { errors: [{ message: expect.stringContaining('"gzip"'), extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] },
    ])
    expect((await post({ query: '{ __typename }' }, { 'content-encoding': 'Identity' })).status).toBe(200)
  })

  it('pages of any origin may ask, without credentials, and ask once a day', async () => {
    const { url, post } = await open()
    const preflight = await fetch(`${url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://a.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    expect([preflight.status, Object.fromEntries(preflight.headers)]).toMatchObject([
      204,
      {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-max-age': '86400',
      },
    ])
    const answer = await post({ query: '{ __typename }' }, { origin: 'https://a.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    for (const { headers } of [preflight, answer]) expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  it('with CORS_ORIGINS only theirs may, with credentials', async () => {
    const { post, get } = await open({ env: { CORS_ORIGINS: 'https://a.example, http://localhost:3000' } })
    const query = '{ __typename }'
    // Another origin must not be served what a cache keeps for this one.
    const kept = await get({ query }, { origin: 'https://a.example' })
    expect([kept.headers.get('cache-control'), kept.headers.get('vary')]).toEqual([
      'public, max-age=60',
      expect.stringContaining('Origin'),
    ])
    const allowed = async (origin: string) => {
      const { headers } = await post({ query }, { origin })
      return [
        headers.get('access-control-allow-origin'),
        headers.get('access-control-allow-credentials'),
        headers.get('vary'),
      ]
    }
    for (const origin of ['https://a.example', 'http://localhost:3000'])
      expect(await allowed(origin)).toEqual([origin, 'true', expect.stringContaining('Origin')])
    for (const origin of ['https://b.example', 'null', 'https://a.example.evil'])
      expect(await allowed(origin)).toEqual([null, null, expect.stringContaining('Origin')])
    await expect(testConfig({ CORS_ORIGINS: 'a.example' })).rejects.toThrow(/CORS_ORIGINS.*not an origin like https/)
    await expect(testConfig({ CORS_ORIGINS: 'https://a.example/' })).rejects.toThrow(/not an origin/)
  })

  it('a hash stands for a document that was sent with it before', async () => {
    const { post, get } = await open()
    const query = '{ __typename }'
    const sha256Hash = createHash('sha256').update(query).digest('hex')
    const extensions = { persistedQuery: { version: 1, sha256Hash } }
    const answer = async (response: Response) => [response.status, await response.json()]
    expect(await answer(await post({ extensions }))).toEqual([
      200,
      { errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] },
    ])
    const data = { data: { __typename: 'Query' } }
    expect(await answer(await post({ query, extensions }))).toEqual([200, data])
    expect(await answer(await post({ extensions }))).toEqual([200, data])
    expect(await answer(await get({ extensions: JSON.stringify(extensions) }))).toEqual([200, data])
    const wrong: [unknown, RegExp][] = [
      [{ query: '{ a: __typename }', extensions }, /does not match the query/],
      [{ query, extensions: { persistedQuery: { version: 2, sha256Hash } } }, /"version": 1/],
      [{ query, extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }, /64 hex digits/],
      [{ extensions: { persistedQuery: 7 } }, /persistedQuery must be/],
    ]
    for (const [body, message] of wrong)
      expect(await answer(await post(body))).toMatchObject([
        400,
        { errors: [{ message: expect.stringMatching(message), extensions: { code: 'BAD_INPUT' } }] },
      ])
  })

  it('an answer over GET may be kept, and is not sent again while it is the same', async () => {
    const { app, get, post } = await open({ count: 2 })
    const query = '{ items { nodes { slug } } }'
    const first = await get({ query })
    const etag = first.headers.get('etag') ?? ''
    expect([first.headers.get('cache-control'), etag]).toEqual(['public, max-age=60', expect.stringMatching(/^W\/"/)])
    const again = await get({ query }, { 'if-none-match': `"other", ${etag}` })
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    await app.pg.query(`update item set slug = 'renamed' where slug = 'item-0'`)
    const changed = await get({ query }, { 'if-none-match': etag })
    expect([changed.status, changed.headers.get('etag') === etag]).toEqual([200, false])
    for (const kept of [
      await get({ query }, { authorization: `Bearer ${ADMIN_TOKEN}` }),
      await get({ query: '{ nothing }' }),
      await get({ query: '{ takeDowns { totalCount } }' }),
      await post({ query }),
    ])
      expect([kept.headers.get('etag'), kept.headers.get('cache-control')]).toEqual([null, null])
    expect((await (await open({ env: { GRAPHQL_MAX_AGE_S: '5' } })).get({ query })).headers.get('cache-control')).toBe(
      'public, max-age=5',
    )
  })

  it('what is no request of GraphQL has the status of the specification, and a body that says why', async () => {
    const { url, post, get } = await open()
    const rows: [name: string, answer: Response, status: number, code: string][] = [
      ['bad JSON', await post('{'), 400, 'BAD_INPUT'],
      ['no query', await post({}), 400, 'BAD_INPUT'],
      ['a document that cannot be parsed', await post({ query: '{' }), 400, 'BAD_INPUT'],
      ['one that does not fit the schema', await post({ query: '{ nothing }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
      [
        'the same for a client of the new type',
        await post({ query: '{ nothing }' }, { accept: 'application/graphql-response+json' }),
        400,
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'a variable of another type',
        await post({ query: 'query ($n: Int) { items(first: $n) { totalCount } }', variables: { n: 'x' } }),
        400,
        'BAD_INPUT',
      ],
      ['bad JSON in a parameter', await get({ query: '{ __typename }', variables: '{' }), 400, 'BAD_INPUT'],
      ['variables that are no object', await get({ query: '{ __typename }', variables: '7' }), 400, 'BAD_INPUT'],
      [
        'a form',
        await post('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      ['plain text', await post('{ __typename }', { 'content-type': 'text/plain' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['a mutation over GET', await get({ query: 'mutation { startBackfill { id } }' }), 405, 'BAD_INPUT'],
    ]
    const answers = []
    for (const [name, answer] of rows) {
      const text = await answer.text()
      expect([name, text]).toEqual([name, expect.stringMatching(/^\{/)])
      const { errors } = JSON.parse(text) as { errors: [{ message: string; extensions: { code: string } }] }
      expect(errors[0].message, name).not.toBe('')
      answers.push([name, answer.status, errors[0].extensions.code])
    }
    expect(answers).toEqual(rows.map(([name, , status, code]) => [name, status, code]))
    const fine = await post({ query: '{ __typename }' }, { 'content-type': 'Application/JSON; charset=utf-8' })
    expect([fine.status, await fine.json()]).toEqual([200, { data: { __typename: 'Query' } }])
    expect((await fetch(`${url}/graphql`, { method: 'DELETE' })).status).toBe(405)
  })

  it('passes the audits of the GraphQL over HTTP specification, and what it only recommends but for a few on purpose', async () => {
    const { url } = await open()
    const audits = await auditServer({ url: `${url}/graphql` })
    expect(audits.length).toBeGreaterThan(50)
    const others = audits.flatMap(({ id, name, status }) => (status === 'ok' ? [] : [`${status} ${id} ${name}`]))
    expect(others.sort()).toEqual([
      // A GET that a page of another origin can send without asking is refused.
      'notice 5A70 MAY accept application/x-www-form-urlencoded formatted GET requests',
      'notice 6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
      'notice D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
      // What was not executed has a status that tells, for every client.
      'warn 572B SHOULD use 200 status code on document parsing failure when accepting application/json',
      'warn 7B9B SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
      'warn FDE2 SHOULD use 200 status code on document validation failure when accepting application/json',
    ])
  })

  it('tools read the schema and what is behind its interfaces', async () => {
    const { url } = await open()
    const schema = buildSchema(await (await fetch(`${url}/schema.graphql`)).text())
    expect(printSchema(schema)).toContain('scalar DateTime @specifiedBy(url: "https://')
    const types = await fetch(`${url}/possible-types.json`)
    expect([types.headers.get('access-control-allow-origin'), types.headers.get('cache-control')]).toEqual([
      '*',
      'public, max-age=60',
    ])
    const possible = (await types.json()) as Record<string, string[]>
    expect(possible.Item).toEqual(['Icon', 'Illustration'])
    expect(Object.keys(possible)).toEqual(
      Object.values(schema.getTypeMap())
        .filter(isAbstractType)
        .map(({ name }) => name)
        .sort(),
    )
  })
})
