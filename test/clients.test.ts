import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { codegen } from '@graphql-codegen/core'
import * as typescript from '@graphql-codegen/typescript'
import * as operations from '@graphql-codegen/typescript-operations'
import { Client, cacheExchange, fetchExchange } from '@urql/core'
import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { importDrawings, tempDirectory, testApp, testServer } from './support/setup.ts'

/** What pages typically query: an interface, its types, a fragment, a connection, and a nullable field. */
const QUERY = `
  query AppQuery($first: Int!, $after: String) {
    items(first: $first, after: $after, in: { vendor: "acme" }) {
      edges { cursor node { __typename id ...App_card ... on Icon { kind } } }
      pageInfo { hasNextPage endCursor }
    }
  }`
const CARD = `
  fragment App_card on Item {
    name
    image { url width height status }
    family { id uniqueId preview { url } }
  }`
const PAGE = `
  fragment App_page on Family
  @argumentDefinitions(count: { type: "Int", defaultValue: 24 }, cursor: { type: "String" })
  @refetchable(queryName: "AppPageQuery") {
    items(first: $count, after: $cursor) @connection(key: "App_items") { edges { node { id name } } }
  }`

async function open() {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, 3)
  return { url, sdl: await (await fetch(`${url}/schema.graphql`)).text() }
}

interface Page {
  items: { edges: { node: { __typename: string; id: string; name: string; image: { url: string } } }[] }
}

describe('without options but the possible types', () => {
  it("Relay's compiler takes the schema, with pagination and refetching by node", async () => {
    const { sdl } = await open()
    const directory = await tempDirectory()
    await mkdir(path.join(directory, 'src'))
    const source = [QUERY, CARD, PAGE].map((text) => `graphql\`${text}\``).join('\n')
    await writeFile(path.join(directory, 'src/App.js'), source)
    await writeFile(path.join(directory, 'schema.graphql'), sdl)
    const config = { src: './src', schema: './schema.graphql', language: 'javascript' }
    await writeFile(path.join(directory, 'relay.config.json'), JSON.stringify(config))
    const compiler = path.join(import.meta.dirname, '../node_modules/relay-compiler/cli.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [compiler], { cwd: directory, encoding: 'utf8' })
    expect([status, status === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, ''])
    const generated = await readFile(path.join(directory, 'src/__generated__/AppPageQuery.graphql.js'), 'utf8')
    expect(generated).toContain('node')
  })

  it('codegen makes types of the schema and of operations', async () => {
    const { sdl } = await open()
    const made = await codegen({
      filename: 'types.ts',
      schema: parse(sdl),
      documents: [{ document: parse(`${QUERY}${CARD}`) }],
      config: {},
      plugins: [{ typescript: {} }, { operations: {} }],
      pluginMap: { typescript, operations },
    })
    expect(made).toMatch(/export type AppQueryQuery = /)
    expect(made).toMatch(/__typename: 'Icon'/)
  })

  it('Apollo keeps items by their ids, by GET with hashes too', async () => {
    const { url } = await open()
    const possibleTypes = (await (await fetch(`${url}/possible-types.json`)).json()) as Record<string, string[]>
    const http = new HttpLink({ uri: `${url}/graphql` })
    const hashed = new PersistedQueryLink({
      sha256: (text) => createHash('sha256').update(text).digest('hex'),
      useGETForHashedQueries: true,
    })
    for (const link of [http, hashed.concat(http), hashed.concat(http)]) {
      const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) })
      const { data } = await client.query<Page>({ query: gql(`${QUERY}${CARD}`), variables: { first: 2 } })
      const [first] = data?.items.edges ?? []
      expect(first?.node).toMatchObject({ __typename: 'Icon', image: { url: expect.stringContaining('/images/') } })
      const kept = client.readFragment<{ name: string }>({
        id: `Icon:${first?.node.id}`,
        fragment: gql('fragment Named on Item { name }'),
      })
      expect(kept?.name).toBe(first?.node.name)
      client.stop()
    }
  })

  it('urql asks, by POST: its short queries would be GET requests that any page can send', async () => {
    const { url } = await open()
    const exchanges = [cacheExchange, fetchExchange]
    const client = new Client({ url: `${url}/graphql`, preferGetMethod: false, exchanges })
    const { data, error } = await client.query<Page>(`${QUERY}${CARD}`, { first: 2 }).toPromise()
    expect(error).toBeUndefined()
    expect(data?.items.edges.map(({ node }) => node.__typename)).toEqual(['Icon', 'Icon'])
    const wrong = await client.query('{ nothing }', {}).toPromise()
    expect(wrong.error?.graphQLErrors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })
})
