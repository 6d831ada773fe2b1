import { readFileSync } from 'node:fs'
import { rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import {
  buildSchema,
  type GraphQLObjectType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  printType,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { schema } from '../src/graphql/schema.ts'
import { importItems } from '../src/import/import-items.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { ask, drawing, entry, importDrawings, readMetrics, testApp, testConfig, testServer } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

async function open(count = 3) {
  const app = await testApp()
  const server = await testServer(app)
  await importDrawings(app, count)
  return { app, url: server.url }
}

describe('the contract', () => {
  const contract = buildSchema(
    // The contract abbreviates its connections as "XConnection { edges nodes pageInfo totalCount }".
    `${readFileSync(path.join(import.meta.dirname, 'fixtures/api.graphql'), 'utf8')}
     ${['Vendor', 'Family', 'IconSet', 'Item', 'Backfill', 'RenderFailure']
       .map(
         (name) => `
       type ${name}Connection { edges: [${name}Edge] nodes: [${name}] pageInfo: PageInfo! totalCount: Int! }
       type ${name}Edge { cursor: String! node: ${name} }`,
       )
       .join('')}
     type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }`,
    { assumeValid: true },
  )

  it.each(
    Object.values(contract.getTypeMap())
      .filter(({ name }) => !name.startsWith('__'))
      .map((type) => [type.name, type] as const),
  )('%s is as promised', (name, promised) => {
    const made = schema.getType(name)
    expect(made, `type ${name}`).toBeDefined()
    if (isEnumType(promised) && isEnumType(made))
      expect(
        made
          .getValues()
          .map(({ name: value }) => value)
          .sort(),
      ).toEqual(
        promised
          .getValues()
          .map(({ name: value }) => value)
          .sort(),
      )
    if (isInputObjectType(promised) && isInputObjectType(made)) {
      for (const [field, { type }] of Object.entries(promised.getFields()))
        expect(`${field}: ${made.getFields()[field]?.type}`).toBe(`${field}: ${type}`)
    }
    if (!(isObjectType(promised) || isInterfaceType(promised))) return
    const fields = (made as GraphQLObjectType).getFields()
    for (const [fieldName, field] of Object.entries(promised.getFields())) {
      const own = fields[fieldName]
      expect(own, `${name}.${fieldName}`).toBeDefined()
      if (!name.endsWith('Connection') && !name.endsWith('Edge'))
        expect(`${name}.${fieldName}: ${own?.type}`).toBe(`${name}.${fieldName}: ${field.type}`)
      for (const arg of field.args) {
        const ownArg = own?.args.find((candidate) => candidate.name === arg.name)
        expect(`${name}.${fieldName}(${arg.name}: ${ownArg?.type})`).toBe(
          `${name}.${fieldName}(${arg.name}: ${arg.type})`,
        )
        const [withDefault] = new RegExp(`${arg.name}: [\\w!\\[\\]]+ = ["\\w]+`).exec(printType(promised)) ?? []
        if (withDefault) expect(printType(made as GraphQLObjectType)).toContain(withDefault)
      }
    }
  })
})

const PAGE = `query ($first: Int!) { items(first: $first) { nodes {
  __typename id uniqueId slug name kind
  iconSet { name kind } family { uniqueId name } vendor { username name }
  a: image(preset: "thumbnail") { url width height format mimeType status bytes lossless error { code message } }
  b: image { url status bytes }
  c: image(preset: "watermark", format: AVIF) { url status }
} pageInfo { hasNextPage endCursor } } }`

describe('a page of items', () => {
  it('takes a constant number of statements, however many items and images', async () => {
    const { app, url } = await open(100)
    const counted = statementCounter(app)
    const count = (first: number) =>
      counted(async () => {
        const { data, errors } = await ask<{ items: { nodes: { a: { url: string }; b: { url: string } }[] } }>(
          url,
          PAGE,
          { variables: { first } },
        )
        expect(errors).toBeUndefined()
        expect(data.items.nodes).toHaveLength(first)
      })
    const few = await count(2)
    expect(await count(100)).toBe(few)
    expect(few).toBeLessThanOrEqual(8)
  })

  it('is the same however it is selected, and reads only the columns that it needs', async () => {
    const { app, url } = await open(3)
    const read: string[] = []
    const query = app.pg.query.bind(app.pg)
    app.pg.query = ((...args: [{ text: string }]) => {
      read.push(args[0].text)
      return (query as (...all: unknown[]) => unknown)(...args)
    }) as never
    const fields = 'name alt image { url } placeholder { dataUrl }'
    const rows: Record<string, string> = {
      nodes: `{ items { nodes { ${fields} } } }`,
      edges: `{ items { edges { cursor node { ${fields} } } } }`,
      fragments: `{ items { ...Page } } fragment Page on ItemConnection { nodes { ...Card name } } fragment Card on Item { ${fields} }`,
      'a directive': `{ items { nodes { slug @skip(if: true) ${fields} } } }`,
      'a type of item': `{ items { nodes { ... on Icon { ${fields} } } } }`,
      'a relation beside it': `{ items { nodes { ${fields} vendor { id } } } }`,
    }
    const found = []
    for (const [name, document] of Object.entries(rows)) {
      read.length = 0
      const { data, errors } = await ask<{
        items: { nodes?: { name: string; vendor?: unknown }[]; edges?: { node: { name: string } }[] }
      }>(url, document)
      const nodes = data.items.nodes?.map(({ vendor: _, ...node }) => node) ?? data.items.edges?.map(({ node }) => node)
      expect([name, errors]).toEqual([name, undefined])
      found.push(nodes)
      const page = read.find((text) => text.includes('"item" as t0')) ?? ''
      expect([name, page]).toEqual([name, expect.stringMatching(/t0\.name.*t0\.alt|t0\.alt.*t0\.name/)])
      expect([name, page]).toEqual([name, expect.not.stringMatching(/t0\.(slug|tags|unique_id|created_at)\b/)])
    }
    expect(found[0]).toHaveLength(3)
    for (const other of found) expect(other).toEqual(found[0])
  })

  it('gives a srcset of the presets that show the same, narrowest first', async () => {
    const { url } = await open(1)
    const srcSet = async (args: string) => {
      const query = `{ items { nodes { srcSet${args} a: image(preset: "thumbnail") { url } b: image { url } c: image(preset: "small") { url } d: image(preset: "medium") { url } } } }`
      const { data, errors } = await ask<{
        items: { nodes: { srcSet: string; a: { url: string }; b: { url: string } }[] }
      }>(url, query)
      return errors?.[0]?.message ?? data.items.nodes[0]
    }
    const all = await srcSet('')
    const { a, b, c, d } = Object(all)
    expect(all).toEqual({ a, b, c, d, srcSet: `${c.url} 64w, ${a.url} 128w, ${d.url} 256w, ${b.url} 512w` })
    const named = await srcSet('(presets: ["preview", "thumbnail", "preview"])')
    expect(named).toEqual({ a, b, c, d, srcSet: `${a.url} 128w, ${b.url} 512w` })
    expect(await srcSet('(presets: ["preview", "watermark"])')).toMatch(/preview, watermark do not show the same/)
    expect(await srcSet('(presets: ["nothing"])')).toMatch(/no preset "nothing"/)
  })

  it('returns URLs without rendering, and their status once made', async () => {
    const { app, url } = await open(1)
    const read = async () =>
      (
        await ask<{
          items: {
            nodes: [
              {
                __typename: string
                a: { url: string; status: string; bytes: number | null; lossless: boolean | null }
              },
            ]
          }
        }>(url, PAGE, { variables: { first: 1 } })
      ).data.items.nodes[0]
    const before = await read()
    expect(before.__typename).toBe('Icon')
    expect(before.a).toMatchObject({ status: 'PENDING', bytes: null, lossless: null })
    expect(app.pool.stats.renders).toBe(0)
    const picture = await (await fetch(before.a.url)).arrayBuffer()
    expect((await read()).a).toMatchObject({
      url: before.a.url,
      status: 'READY',
      bytes: picture.byteLength,
      lossless: true,
    })
  })

  interface Page {
    items: { totalCount: number; nodes: { slug: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } }
  }
  const NEXT =
    'query ($after: String) { items(first: 100, after: $after) { totalCount nodes { slug } pageInfo { hasNextPage endCursor } } }'

  it('pages through everything once, by cursor, within its limit', async () => {
    const { url } = await open(130)
    const seen: string[] = []
    let after: string | null = null
    do {
      const { items }: Page = (await ask<Page>(url, NEXT, { variables: { after } })).data
      expect(items.totalCount).toBe(130)
      expect(items.nodes.length).toBeLessThanOrEqual(100)
      seen.push(...items.nodes.map(({ slug }) => slug))
      after = items.pageInfo.hasNextPage ? items.pageInfo.endCursor : null
    } while (after)
    expect(new Set(seen).size).toBe(130)
    const { data } = await ask<{ items: { nodes: unknown[] } }>(url, '{ items { nodes { slug } } }')
    expect(data.items.nodes).toHaveLength(24)
  })

  it('says why a broken source has no picture', async () => {
    const { app, url } = await open(0)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('broken', '<svg xmlns="http://www.w3.org/2000/svg"><g>'),
    ])
    const query = '{ items { nodes { image { url status error { code message } } } } }'
    type Answer = { items: { nodes: [{ image: { url: string; status: string; error: { code: string } | null } }] } }
    const { data } = await ask<Answer>(url, query)
    expect((await fetch(data.items.nodes[0].image.url)).status).toBe(422)
    const { image } = (await ask<Answer>(url, query)).data.items.nodes[0]
    expect(image).toMatchObject({ status: 'FAILED', error: { code: 'UNSUPPORTED' } })
  })

  it('shows what was taken down as GONE', async () => {
    const { app, url } = await open(1)
    const { id } = await app.prisma.item.findFirstOrThrow()
    await takeDown(app, { type: 'ITEM', id }, 'a test')
    const { data } = await ask<{ items: { nodes: [{ image: { status: string } }] } }>(
      url,
      '{ items { nodes { image { status } } } }',
    )
    expect(data.items.nodes[0].image.status).toBe('GONE')
  })
})

describe('look-ups', () => {
  it('by scope, kind, unique id and node id', async () => {
    const { app, url } = await open(2)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('scene', drawing(7), { kind: 'ILLUSTRATION' }),
      entry('other', drawing(8), { vendor: 'zeta' }),
    ])
    const item = await app.prisma.item.findFirstOrThrow({
      where: { slug: 'scene' },
      include: { family: true, iconSet: true },
    })
    const { data, errors } = await ask<Record<string, { nodes: { slug: string }[] } & Record<string, unknown>>>(
      url,
      `{
      byVendor: items(scope: { vendor: "zeta" }) { nodes { slug } }
      byFamily: items(scope: { family: "${item.family.uniqueId}" }, kind: ICON) { nodes { slug } }
      bySet: items(scope: { iconSet: "${item.iconSet.uniqueId}" }) { nodes { slug } }
      item(uniqueId: "${item.uniqueId}") { __typename id name family { vendor { families { nodes { iconSets { nodes { items { totalCount } } } } } } } }
      vendor(username: "acme") { id name } family(uniqueId: "${item.family.uniqueId}") { id } iconSet(uniqueId: "${item.iconSet.uniqueId}") { kind }
      nobody: vendor(username: "nobody") { id }
      vendors { nodes { username } }
    }`,
    )
    expect(errors).toBeUndefined()
    const slugs = (name: string) => data[name]?.nodes.map(({ slug }) => slug)
    expect([slugs('byVendor'), slugs('byFamily'), slugs('bySet')]).toEqual([['other'], ['item-0', 'item-1'], ['scene']])
    expect(data).toMatchObject({
      item: { __typename: 'Illustration' },
      iconSet: { kind: 'ILLUSTRATION' },
      nobody: null,
    })
    const nodes = await ask<{ node: object; nodes: object[] }>(
      url,
      `{ node(id: "${data.item?.id}") { __typename id ... on Illustration { slug } } nodes(ids: ["${data.vendor?.id}", "${data.family?.id}"]) { __typename } }`,
    )
    expect(nodes.data).toEqual({
      node: { __typename: 'Illustration', id: data.item?.id, slug: 'scene' },
      nodes: [{ __typename: 'Vendor' }, { __typename: 'Family' }],
    })
  })

  it('every argument takes a unique id or a node id', async () => {
    const { app, url } = await open(1)
    const item = await app.prisma.item.findFirstOrThrow({ include: { family: true, iconSet: true, vendor: true } })
    const nodeId = (type: string, id: number) => Buffer.from(`${type}:${id}`).toString('base64')
    const ids = {
      item: [item.uniqueId, nodeId('Icon', item.id)],
      family: [item.family.uniqueId, nodeId('Family', item.familyId)],
      iconSet: [item.iconSet.uniqueId, nodeId('IconSet', item.iconSetId)],
    } as const
    for (const [field, names] of Object.entries(ids))
      for (const name of names) {
        const scope =
          field === 'item'
            ? ''
            : `a: items(scope: { ${field}: "${name}" }) { totalCount } b: items(in: { ${field}: "${name}" }) { totalCount }`
        const query = `{ ${field}(uniqueId: "${name}") { id } node(id: "${name}") { id } nodes(ids: ["${name}", "${names[0]}"]) { id } ${scope} }`
        const { data, errors } = await ask<Record<string, unknown>>(url, query)
        const found = { id: names[1] }
        expect([name, errors, data]).toEqual([
          name,
          undefined,
          {
            [field]: found,
            node: found,
            nodes: [found, found],
            ...(scope ? { a: { totalCount: 1 }, b: { totalCount: 1 } } : {}),
          },
        ])
      }
    const vendor = nodeId('Vendor', item.vendorId)
    const { data } = await ask<object>(
      url,
      `{ vendor(username: "${vendor}") { username } items(in: { vendor: "${vendor}" }) { totalCount }
         other: item(uniqueId: "${vendor}") { id } kind: item(uniqueId: "${nodeId('Illustration', item.id)}") { id } }`,
    )
    expect(data).toEqual({ vendor: { username: 'acme' }, items: { totalCount: 1 }, other: null, kind: null })
    const everywhere = `{ failures(in: { vendor: "acme" }) { totalCount } families(in: { vendor: "acme" }) { totalCount }
      items(filter: { in: { vendor: "acme" } }) { totalCount } planBackfill(input: { in: { vendor: "acme" } }) { items } }`
    expect((await ask<object>(url, everywhere)).data).toEqual({
      failures: { totalCount: 0 },
      families: { totalCount: 1 },
      items: { totalCount: 1 },
      planBackfill: { items: 1 },
    })
    const take =
      'mutation ($id: ID!) { takeDown(id: $id, reason: "a test") { target { id } } restore(id: $id) { status } }'
    for (const id of [item.uniqueId, item.family.uniqueId, item.iconSet.uniqueId])
      expect((await ask<object>(url, take, { variables: { id } })).errors).toBeUndefined()
  })

  it('an unknown layout blanks its field alone', async () => {
    const { app, url } = await open(1)
    const { uniqueId } = await app.prisma.family.findFirstOrThrow()
    const query = `{ family(uniqueId: "${uniqueId}") { name preview(layout: "poster") { url } } presets { name } }`
    const { data, errors } = await ask<object>(url, query)
    expect(data).toMatchObject({ family: { name: 'basics', preview: null }, presets: expect.any(Array) })
    expect(errors?.[0]?.message).toMatch(/no layout "poster"; there are card, grid/)
  })

  it('nested lists, of many owners and under two names, take a constant number of statements', async () => {
    const { app, url } = await open(0)
    const entries = Array.from({ length: 12 }, (_, at) =>
      entry(`slug-${at}`, drawing(at), { vendor: `vendor-${at % 2}`, family: `family-${at % 4}` }),
    )
    await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
    const counted = statementCounter(app)
    const page = 'nodes { slug family { name vendor { username } } image { url } }'
    const read = (first: number) =>
      counted(async () => {
        const query = `{ vendors(first: ${first}) { nodes { families { nodes { a: items(first: 1) { ${page} } b: items(last: 2) { ${page} } } } } } }`
        const { errors } = await ask(url, query)
        expect(errors).toBeUndefined()
      })
    const few = await read(1)
    expect(await read(2)).toBe(few)
    expect(few).toBeLessThanOrEqual(2)
  })

  it('list presets', async () => {
    const { url } = await open(0)
    const { data } = await ask<{ presets: object[] }>(
      url,
      '{ presets { name width height background watermark formats } }',
    )
    expect(data.presets[2]).toEqual({
      name: 'watermark',
      width: 512,
      height: 512,
      background: '#ffffff',
      watermark: true,
      formats: ['WEBP', 'AVIF', 'PNG'],
    })
  })
})

describe('bad input gets one sentence and a code', () => {
  const rows: [string, string, string, RegExp][] = [
    [
      'an unknown preset',
      '{ items { nodes { image(preset: "poster") { url } } } }',
      'BAD_INPUT',
      /poster.*thumbnail, preview, watermark/,
    ],
    [
      'two scopes',
      '{ items(scope: { vendor: "a", family: "b" }) { nodes { id } } }',
      'BAD_INPUT',
      /takes one of vendor/,
    ],
    ['an unknown scope', '{ items(scope: { vendor: "nobody" }) { nodes { id } } }', 'NOT_FOUND', /no vendor "nobody"/],
    ['a cursor that is none', '{ items(after: "x") { nodes { id } } }', 'BAD_INPUT', /cursor/i],
    ['a negative page', '{ items(first: -1) { nodes { id } } }', 'BAD_INPUT', /first is -1/],
    ['a page that is too long', '{ items(first: 201) { nodes { id } } }', 'BAD_INPUT', /first is 201: give 0 to 100/],
    [
      'the same from the end',
      '{ vendors { nodes { families(last: 101) { totalCount } } } }',
      'BAD_INPUT',
      /last is 101/,
    ],
    [
      'two names of a scope',
      '{ items(scope: { vendor: "a" }, in: { vendor: "a" }) { totalCount } }',
      'BAD_INPUT',
      /scope and in/,
    ],
    [
      'two fields of Scope',
      '{ items(in: { vendor: "a", family: "b" }) { totalCount } }',
      'GRAPHQL_VALIDATION_FAILED',
      /exactly one/i,
    ],
    ['no field of Scope', '{ items(in: {}) { totalCount } }', 'GRAPHQL_VALIDATION_FAILED', /exactly one/i],
    [
      'a unique id that nothing has',
      'mutation { takeDown(id: "NOTHING00000", reason: "x") { id } }',
      'NOT_FOUND',
      /NOTHING00000/,
    ],
    ['the id of another type', '{ backfill(id: "VmVuZG9yOjE=") { id } }', 'BAD_INPUT', /Backfill/],
    ['10,000 aliases', `{ ${Array.from({ length: 10_000 }, () => 'a:id').join(' ')} }`, 'BAD_INPUT', /token/i],
    [
      'depth',
      `{ vendors { nodes { ${'families { nodes { vendor { '.repeat(10)} id ${'} } } '.repeat(10)} } } }`,
      'BAD_INPUT',
      /is \d+ fields deep; at most 15/,
    ],
    [
      'pages of pages of pages',
      '{ vendors(first: 100) { nodes { families(first: 100) { nodes { items(first: 100) { nodes { id } } } } } } }',
      'BAD_INPUT',
      /costs \d+ points, of which vendors\.nodes\.families\.nodes\.items\.nodes costs \d{7}; at most/,
    ],
    [
      'a costly field in a fragment',
      '{ presets { name } ...F } fragment F on Query { a: items(first: 100) { ...G } b: items(first: 1) { ...G } } fragment G on ItemConnection { nodes { vendor { families(first: 100) { nodes { items(first: 9) { nodes { id name slug } } } } } } }',
      'BAD_INPUT',
      /of which items\.nodes\.vendor\.families\.nodes\.items\.nodes costs/,
    ],
  ]
  it.each(rows)('%s', async (_name, query, code, message) => {
    const { url } = await open(1)
    const { errors } = await ask(url, query)
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(message), extensions: { code } })
  })

  it('a body over the limit, or without a length', async () => {
    const { url } = await open(0)
    const post = (body: BodyInit) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        duplex: 'half',
      } as RequestInit)
    expect((await post(`{"query":"${' '.repeat(200_000)}{ __typename }"}`)).status).toBe(413)
    expect((await post(new Blob(['{"query":"{ __typename }"}']).stream() as never)).status).toBe(411)
  })

  it('a batch, a mutation over GET', async () => {
    const { url, app } = await open(0)
    const batch = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '[{"query":"{ __typename }"}]',
    })
    expect(batch.status).toBeGreaterThanOrEqual(400)
    const get = await fetch(`${url}/graphql?query=${encodeURIComponent('mutation { startBackfill { id } }')}`, {
      headers: { accept: 'application/json', 'content-type': 'application/json' },
    })
    expect(get.status).toBe(405)
    expect(await app.prisma.backfill.count()).toBe(0)
  })
})

describe('mutations', () => {
  it.each([null, 'wrong'])('need the admin token, not %s', async (token) => {
    const { app, url } = await open(1)
    for (const mutation of ['startBackfill { id }', 'cancelBackfill(id: "QmFja2ZpbGw6MQ==") { id }']) {
      const { errors } = await ask(url, `mutation { ${mutation} }`, { token })
      expect(errors?.[0]).toMatchObject({
        extensions: { code: 'FORBIDDEN' },
        message: expect.stringContaining('Authorization: Bearer'),
      })
    }
    expect(await app.prisma.backfill.count()).toBe(0)
  })
})

describe('the other routes', () => {
  it('GraphiQL opens with the sample query, without other servers', async () => {
    const { url } = await open(0)
    const page = await (await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).text()
    expect(page).toContain('query Items')
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/)
  })

  it('health, readiness and metrics', async () => {
    const { app, url } = await open(0)
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      {
        ready: true,
        degraded: false,
        checks: { database: { ok: true }, renderer: { ok: true }, previews: { ok: true } },
      },
    ])
    const metrics = await readMetrics(url)
    expect(metrics).toMatch(/^renders_total 0$/m)
    expect((await fetch(`${url}/none`)).status).toBe(404)
    await app.pool.close()
    // A response is reused for a second.
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(503)
  })

  it('readiness names codes, and neither the host, the path nor the statement of a cause', async () => {
    const config = await testConfig()
    const app = await testApp(config)
    const { url } = await testServer(app)
    // What stores and database say of these contains the directory and the table.
    const previews = path.join(config.dataDir, 'previews')
    await rm(previews, { recursive: true, force: true })
    await symlink(previews, previews)
    await app.pg.query('alter table item rename to elsewhere')
    await app.pool.close()
    const { checks } = (await (await fetch(`${url}/readyz`)).json()) as { checks: object }
    const failed = (code: string) => ({ ok: false, ms: expect.any(Number), code })
    expect(checks).toEqual({
      database: failed('INTERNAL'),
      renderer: failed('BUSY'),
      originals: { ok: true, ms: expect.any(Number) },
      previews: failed('UNAVAILABLE'),
    })
  })
})
