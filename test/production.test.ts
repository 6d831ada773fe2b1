import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { getIntrospectionQuery } from 'graphql'
import { describe, expect, it } from 'vitest'
import { ask, testApp, testConfig, testServer } from './support/setup.ts'

async function open(env: Record<string, string> = {}) {
  const { url } = await testServer(await testApp(await testConfig(env)))
  return url
}

/** The raw body: fetch would decompress it. */
const getPage = (url: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    request(`${url}/graphql`, { headers: { accept: 'text/html', ...headers } }, (response) => {
      response
        .toArray()
        .then(
          (chunks) =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
          reject,
        )
    })
      .once('error', reject)
      .end()
  })

const MISSPELT = [
  '{ vendorz { totalCount } }',
  '{ items(frist: 1) { totalCount } }',
  '{ items(sort: RELEVANT) { totalCount } }',
  '{ vendors }',
]

it('GraphiQL is compressed once and kept by browsers', async () => {
  const url = await open()
  const packed = await getPage(url, { 'accept-encoding': 'gzip, br' })
  expect(packed.headers).toMatchObject({
    'content-encoding': 'gzip',
    'cache-control': 'public, max-age=3600',
    vary: 'Accept, Accept-Encoding',
  })
  const plain = await getPage(url)
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
  expect(packed.body.length).toBeLessThan(plain.body.length / 3)
  const again = await getPage(url, { 'if-none-match': String(packed.headers.etag) })
  expect([again.status, again.body.length]).toEqual([304, 0])
})

it('errors suggest names, and the schema can be read', async () => {
  const url = await open()
  const messages = await Promise.all(MISSPELT.map(async (query) => (await ask(url, query)).errors?.[0]?.message))
  expect(messages.filter((message) => message?.includes('Did you mean'))).toHaveLength(MISSPELT.length)
  const { data, errors } = await ask<{ __schema: { types: unknown[] } }>(url, getIntrospectionQuery())
  expect([errors, data.__schema.types.length > 50]).toEqual([undefined, true])
})

describe('in production', () => {
  it('there is no GraphiQL and no suggestion of a name', async () => {
    const url = await open({ NODE_ENV: 'production' })
    const page = await getPage(url)
    expect([page.status, page.body.toString()]).toEqual([406, expect.not.stringContaining('<')])
    const variable = { query: 'query ($s: ItemSort) { items(sort: $s) { totalCount } }', variables: { s: 'RELEVANT' } }
    const answers = await Promise.all([
      ...MISSPELT.map((query) => ask(url, query)),
      ask(url, variable.query, { variables: variable.variables }),
    ])
    for (const { errors } of answers) {
      expect(errors?.[0]?.message).toMatch(/\.$/)
      expect(errors?.[0]?.message).not.toMatch(/did you mean/i)
    }
  })

  it('the schema can be read unless GRAPHQL_INTROSPECTION is off', async () => {
    expect((await fetch(`${await open({ NODE_ENV: 'production' })}/schema.graphql`)).status).toBe(200)
    const url = await open({ GRAPHQL_INTROSPECTION: 'off' })
    for (const query of [getIntrospectionQuery(), '{ __type(name: "Item") { name } }']) {
      const { errors } = await ask(url, query)
      expect(errors?.[0]).toMatchObject({
        message: expect.stringContaining('introspection'),
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      })
    }
    expect((await ask(url, '{ vendorz { totalCount } }')).errors?.[0]?.message).not.toContain('Did you mean')
    expect((await ask(url, '{ items { __typename } }')).errors).toBeUndefined()
    for (const path of ['schema.graphql', 'possible-types.json'])
      expect((await fetch(`${url}/${path}`)).status).toBe(404)
  })
})
