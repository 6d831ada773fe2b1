import { expect, it } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { CATALOGUE_NAMES, fillCatalogue } from '../support/full-catalogue.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testConfig, testServer } from '../support/setup.ts'
import { statementCounter } from '../support/statements.ts'
import { mostForEachField } from '../support/worst-documents.ts'

const STATEMENTS_MAX = 200
const RESPONSE_MAX_BYTES = 8_000_000
/** Each is signed in the event loop, which takes 8 microseconds. */
const URLS_MAX = 30_000

async function open() {
  const app = await testApp(await testConfig({ UPLOADS_IN_PROGRESS: 'off' }))
  const { url } = await testServer(app)
  const post = async (query: string) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ query }),
    })
    return await response.text()
  }
  return { app, post }
}

// What they take of the event loop is printed by bench/support/field-costs.ts: a time is no claim of a test.
it('no document that passes the limits takes more than 200 statements, 8 MB or 30,000 URLs, or is refused after the work for its length', async () => {
  const { app, post } = await open()
  await fillCatalogue(app, { items: 1, texts: 'short' })
  const count = statementCounter(app)
  const measured: { name: string; statements: number; bytes: number; urls: number; isInVain: boolean }[] = []
  for (const { field, count: times, query } of mostForEachField(schema, CATALOGUE_NAMES)) {
    let text = ''
    const statements = await count(async () => {
      text = await post(query)
      await app.pg.query('select')
    })
    measured.push({
      name: `${field}: ${times}`,
      statements: statements - 1,
      bytes: Buffer.byteLength(text),
      urls: text.split('/images/').length - 1,
      isInVain: text.includes('The response has more than'),
    })
  }
  const isExcessive = ({ statements, bytes, urls, isInVain }: (typeof measured)[number]) =>
    statements > STATEMENTS_MAX || bytes > RESPONSE_MAX_BYTES || urls > URLS_MAX || isInVain
  expect(measured.filter(isExcessive)).toEqual([])
}, 120_000)

it.each([
  ['three bytes a character', '図'.repeat(190)],
  ['characters that JSON escapes', '"\\\u0001\n'.repeat(47)],
])('a response of names in %s has at most 8 MB', async (_, name) => {
  const { app, post } = await open()
  await importDrawings(app, 100)
  await app.prisma.item.updateMany({ data: { name } })
  for (let aliases = 15; aliases < 190; aliases *= 2) {
    const names = Array.from({ length: aliases }, (_, at) => `a${at}: name`).join(' ')
    const text = await post(`{ items(first: 100) { nodes { ${names} } } }`)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(RESPONSE_MAX_BYTES)
  }
})
