import { type GraphQLObjectType, getNamedType, isInterfaceType, isObjectType } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { FINDERS } from '../src/graphql/node.ts'
import { schema } from '../src/graphql/schema.ts'
import { importItems } from '../src/import/import-items.ts'
import { indexItems } from '../src/search/index-items.ts'
import { ask, drawing, entry, importDrawings, testApp, testServer } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

const globalId = (type: string, id: number | string) => Buffer.from(`${type}:${id}`).toString('base64')

/** Seven rows of everything that a connection lists. */
const SEVEN = `
  insert into vendor (id, username, name) select n, 'v' || n, 'V' from generate_series(1, 7) n;
  insert into family (id, unique_id, name, vendor_id) select n, 'FAMILY' || lpad(n::text, 6, '0'), 'F', 1 from generate_series(1, 7) n;
  insert into icon_set (id, unique_id, name, kind, family_id, vendor_id)
    select n, 'SET' || lpad(n::text, 9, '0'), 'S', 'ICON', 1, 1 from generate_series(1, 7) n;
  insert into item (id, unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, tags, updated_at)
    select n, 'ITEM' || lpad(n::text, 8, '0'), 'item-' || n, 'item ' || n, 'ICON', 1, 1, 1,
      'v1/icons/FAMILY000001/SET000000001/item-' || n || '.svg', 'hash', '{}', now() from generate_series(1, 7) n;
  insert into backfill (id, mode, status, presets, formats, fingerprint)
    select n, 'ALL', 'CANCELED', '{}', '{}', n::text from generate_series(1, 7) n;
  insert into render_failure (item_id, source_hash, renderer_version, code, message, settled, backfill_id)
    select n, 'hash', '1', 'BLANK', 'm', true, 1 from generate_series(1, 7) n;
  insert into take_down (target_type, target_id, reason) select 'ITEM', n, 'r' from generate_series(1, 7) n;
  insert into upload (id, vendor, file_name, bytes) select n, 'v1', 'a.zip', 1 from generate_series(1, 7) n;
  insert into upload_problem (upload_id, code, message) select 1, 'C', 'm' from generate_series(1, 7) n;
  insert into webhook (id, url, secret, types) select n, 'https://example.com/', 's', '{}' from generate_series(1, 7) n;
  insert into token (id, name, prefix, hash, scopes)
    select n, 't', 'p', sha256(n::text::bytea), '{}' from generate_series(1, 7) n;
  insert into audit_entry (actor, action, outcome) select 'a', 'a', 'DONE' from generate_series(1, 7) n;
  insert into event (id, type, data) select n, 't', '{}' from generate_series(1, 7) n;
  insert into dead_letter (webhook_id, event_id, family, attempts, error) select 1, n, '', 1, 'e' from generate_series(1, 7) n;`

interface Page {
  totalCount: number
  nodes: { id: string }[]
  edges: { cursor: string }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string }
}
interface Connection {
  readonly name: string
  readonly table: string
  readonly page: (args: string) => Promise<Page & { code?: string; message?: string }>
}

/** Every connection of the schema, on the first row if it is not at the root. */
function connectionsOf(url: string): Connection[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__') || !isObjectType(type)) return []
    return Object.values(type.getFields()).flatMap((field) => {
      const returned = getNamedType(field.type) as GraphQLObjectType
      // What is similar is a short list of its own, see search.test.ts.
      if (!returned.name.endsWith('Connection') || field.name === 'similar') return []
      const node = String(getNamedType(returned.getFields().nodes?.type)?.name)
      const page: Connection['page'] = async (args) => {
        const own = `list: ${field.name}(${args}) { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`
        const query =
          type.name === 'Query'
            ? `{ ${own} }`
            : `{ node(id: "${globalId(type.name, 1)}") { ... on ${type.name} { ${own} } } }`
        const { data, errors } = await ask<{ list?: Page; node?: { list: Page } }>(url, query)
        const list = (data?.list ?? data?.node?.list) as Page
        return errors ? { ...list, message: errors[0]?.message ?? '', code: errors[0]?.extensions.code ?? '' } : list
      }
      const table = node.replaceAll(/(?<!^)[A-Z]/g, '_$&').toLowerCase()
      return [{ name: `${type.name}.${field.name}`, table, page }]
    })
  })
}

async function open() {
  const app = await testApp()
  const { url } = await testServer(app)
  return { app, url }
}

/** Hides a row, whatever refers to it, and restores it: with a negative id no page finds it. */
async function without<T>(app: App, { table, id }: { table: string; id: string }, work: () => Promise<T>): Promise<T> {
  const number = Number(Buffer.from(id, 'base64').toString().split(':')[1])
  const client = await app.pg.connect()
  try {
    await client.query('set session_replication_role = replica')
    const move = (from: number, to: number) => client.query(`update ${table} set id = $2 where id = $1`, [from, to])
    await move(number, -number)
    const result = await work()
    await move(-number, number)
    return result
  } finally {
    client.release(true)
  }
}

describe('every connection', () => {
  it('continues after a deleted item, in both directions, with its own cursors only', async () => {
    const { app, url } = await open()
    await app.pg.query(SEVEN)
    await indexItems(app.pg)
    const connections = connectionsOf(url)
    expect(connections.map(({ name }) => name)).toEqual(expect.arrayContaining(['Query.items', 'Backfill.failures']))
    const cursors = new Map<string, string>()
    for (const { name, table, page } of connections) {
      const all = await page('first: 100')
      const ids = all.nodes.map(({ id }) => id)
      expect([name, all.totalCount, ids.length, all.pageInfo.hasNextPage], name).toEqual([name, 7, 7, false])
      const first = await page('first: 3')
      expect(
        [first.nodes.map(({ id }) => id), first.pageInfo.hasNextPage, first.pageInfo.hasPreviousPage],
        name,
      ).toEqual([ids.slice(0, 3), true, false])
      const { endCursor } = first.pageInfo
      cursors.set(name, endCursor)
      const gone = { table, id: String(ids[2]) }
      const next = await without(app, gone, () => page(`first: 3, after: "${endCursor}"`))
      expect(
        [next.nodes?.map(({ id }) => id), next.pageInfo?.hasNextPage, next.pageInfo?.hasPreviousPage],
        name,
      ).toEqual([ids.slice(3, 6), true, true])
      const rest = await page(`first: 3, after: "${next.pageInfo.endCursor}"`)
      expect([rest.nodes.map(({ id }) => id), rest.pageInfo.hasNextPage], name).toEqual([ids.slice(6), false])
      const back = await without(app, { table, id: String(ids[6]) }, () =>
        page(`last: 3, before: "${rest.pageInfo.startCursor}"`),
      )
      expect([back.nodes?.map(({ id }) => id), back.pageInfo?.hasPreviousPage], name).toEqual([ids.slice(3, 6), true])
      const last = await page('last: 2')
      expect([last.nodes.map(({ id }) => id), last.pageInfo.hasNextPage, last.pageInfo.hasPreviousPage], name).toEqual([
        ids.slice(5),
        false,
        true,
      ])
    }
    const text = (of: string) => Buffer.from(of).toString('base64url')
    for (const { name, page } of connections) {
      const own = cursors.get(name) ?? ''
      const foreign = [...cursors].find(([other]) => other !== name)?.[1] ?? ''
      const wrong = ['', 'x', own.slice(0, -1), own.slice(0, -4), `${own}A`, `${own}==`, foreign, 'x'.repeat(50_000)]
      for (const id of [
        '0',
        '-1',
        '1e3',
        'NaN',
        '99999999999999999999',
        '2147483648',
        '[1,2]',
        '01',
        '"1"',
        '1.5',
        'null',
      ])
        wrong.push(text(`["${name}",${id}]`))
      for (const chunk of ['N:1', 'N:-1', 'N:NaN', 'J:[1,2]', 'S:x', 'O:{"gt":1}', 'I:99999999999999999999'])
        wrong.push(Buffer.from(`GPC:${chunk}`).toString('base64'))
      for (const cursor of wrong) {
        const { code, nodes } = await page(`first: 2, after: "${cursor}"`)
        expect([name, cursor.slice(0, 100), code, nodes]).toEqual([name, cursor.slice(0, 100), 'BAD_INPUT', undefined])
      }
      expect((await page(`before: "${foreign}"`)).message, name).toMatch(/not a cursor of .*It is of/)
    }
    const [items] = connections.filter(({ name }) => name === 'Query.items')
    for (const args of [
      'first: -1',
      'last: -1',
      'first: 1, last: 1',
      'first: 1, before: "x"',
      'last: 1, after: "x"',
      'after: "x", before: "x"',
    ])
      expect((await items?.page(args))?.code, args).toBe('BAD_INPUT')
    expect((await items?.page('first: 0'))?.nodes).toEqual([])
    // Search results are paged in the same way.
    const found = await items?.page('first: 2, search: "item"')
    const cursor = found?.pageInfo.endCursor
    const behind = await without(app, { table: 'item', id: found?.nodes[1]?.id ?? '' }, async () =>
      items?.page(`first: 2, search: "item", after: "${cursor}"`),
    )
    expect([behind?.nodes.length, behind?.pageInfo.hasNextPage]).toEqual([2, true])
  }, 120_000)

  it('reads below many objects in one statement for each level', async () => {
    const { app, url } = await open()
    await importDrawings(app, 3)
    const entries = Array.from({ length: 6 }, (_, at) =>
      entry('x', drawing(at), { vendor: `v${at}`, family: `f${at}` }),
    )
    await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
    const counted = statementCounter(app)
    const count = (first: number) =>
      counted(async () => {
        const { data, errors } = await ask<{ vendors: { nodes: { families: { nodes: unknown[] } }[] } }>(
          url,
          `{ vendors(first: ${first}) { nodes { families(first: 2) { totalCount nodes { items(first: 2) { totalCount edges { cursor node { name } } } } } } } }`,
        )
        expect(errors).toBeUndefined()
        expect(data.vendors.nodes).toHaveLength(first)
      })
    const one = await count(1)
    expect(await count(7)).toBe(one)
  })
})

describe('node and nodes', () => {
  it('are null for ids that are unknown, of another type, or malformed, in one statement for each type', async () => {
    const { app, url } = await open()
    await importDrawings(app, 40)
    expect(Object.keys(FINDERS).sort()).toEqual(
      schema
        .getPossibleTypes(schema.getType('Node') as never)
        .map(({ name }) => name)
        .sort(),
    )
    expect(isInterfaceType(schema.getType('Node'))).toBe(true)
    const items = (await app.prisma.item.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id)
    const [first = 0] = items
    const gone = [
      globalId('Icon', 2 ** 31 - 1),
      globalId('Icon', 2 ** 31),
      globalId('Icon', '99999999999999999999'),
      globalId('Illustration', first),
      globalId('Icon', `0x${first.toString(16)}`),
      globalId('Icon', `0${first}`),
      globalId('Icon', `${first}.0`),
      globalId('Icon', `${first}:1`),
      globalId('Icon', `${first}\0`),
      globalId('Icon', -1),
      globalId('Icon', 'abc'),
      globalId('Item', first),
      globalId('Preset', 1),
      globalId('Query', 1),
      globalId('__proto__', 1),
      globalId('constructor', 1),
      globalId('Backfill', 1),
      globalId('Webhook', 1),
      globalId('Icon', first).slice(0, -2),
      `${globalId('Icon', first)}A`,
      ' ',
      '',
      'x',
      'ä',
      'x'.repeat(10_000),
    ]
    const one = async (id: string) => {
      const query = 'query ($id: ID!) { node(id: $id) { __typename id } }'
      const { data, errors } = await ask<{ node: unknown }>(url, query, { variables: { id } })
      return errors ?? data.node
    }
    for (const id of gone) expect([id, await one(id)]).toEqual([id, null])
    expect(await one(globalId('Icon', first))).toEqual({ __typename: 'Icon', id: globalId('Icon', first) })

    const many = async (ids: string[]) => {
      const text =
        'query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Icon { slug vendor { username } } ... on Vendor { username } } }'
      return await ask<{ nodes: ({ id: string; slug?: string } | null)[] }>(url, text, { variables: { ids } })
    }
    const ids = [...items, ...items].map((id) => globalId('Icon', id))
    const { data, errors } = await many([...ids, ...gone, globalId('Vendor', 1)])
    expect(errors).toBeUndefined()
    expect(data.nodes.map((node) => node?.id ?? null)).toEqual([...ids, ...gone.map(() => null), globalId('Vendor', 1)])
    expect(data.nodes[1]).toMatchObject({ slug: expect.stringMatching(/^item-/), vendor: { username: 'acme' } })
    const [, , ...rest] = ids
    expect((await many([String(ids[0]), globalId('Icon', 2 ** 31 - 1), ...rest])).data.nodes[1]).toBeNull()
    const counted = statementCounter(app)
    const few = await counted(() => many(ids.slice(0, 1)))
    expect(await counted(() => many(Array.from({ length: 1000 }, (_, at) => globalId('Icon', at + 1))))).toBe(few)
    expect((await many(Array.from({ length: 1001 }, () => 'x'))).errors?.[0]).toMatchObject({
      message: expect.stringContaining('1001'),
      extensions: { code: 'BAD_INPUT' },
    })
  })

  it('have the same meaning in mutations: nothing of another kind is taken down', async () => {
    const { app, url } = await open()
    await importDrawings(app, 1)
    const { id } = await app.prisma.item.findFirstOrThrow()
    const takeDown = `mutation { takeDown(id: "${globalId('Illustration', id)}", reason: "r") { id } }`
    expect((await ask(url, takeDown)).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
    const { uniqueId } = await app.prisma.family.findFirstOrThrow()
    const pin = `mutation { regeneratePreview(family: "${uniqueId}", pin: ["${globalId('Illustration', id)}"]) { id } }`
    expect((await ask(url, pin)).errors?.[0]).toMatchObject({ message: expect.stringMatching(/^pin: /) })
    expect(await app.prisma.takeDown.count()).toBe(0)
    // A deleted target leaves its receipt.
    await app.prisma.takeDown.create({ data: { targetType: 'VENDOR', targetId: 99, reason: 'kept' } })
    expect((await ask(url, '{ takeDowns { nodes { target { id } } } }')).data).toEqual({
      takeDowns: { nodes: [{ target: null }] },
    })
  })
})
