import { type GraphQLObjectType, getNamedType, isAbstractType, isObjectType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { ADMIN, TOKEN_SCOPES } from '../src/access/caller.ts'
import { createToken } from '../src/access/tokens.ts'
import { printGlobalId } from '../src/core/global-id.ts'
import { schema } from '../src/graphql/schema.ts'
import { declaredScopes } from '../src/graphql/scope-docs.ts'
import { requestsOf } from './support/schema-requests.ts'
import { ask, importDrawings, testApp, testConfig, testServer } from './support/setup.ts'

const scopesOf = ({ extensions }: { extensions: object }): string[] =>
  declaredScopes((extensions as { pothosOptions?: unknown }).pothosOptions)

const fieldsOf = (type: GraphQLObjectType | null | undefined) => Object.values(type?.getFields() ?? {})
const ROOTS = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
/** These return every type that has an id: each type declares its own scope. */
const BY_ID = ['node', 'nodes']
/** For everyone, even if the catalogue is closed: it says who they are. */
const OPEN = ['viewer']

/** Types that a caller without a token reaches: through root fields for `catalogue:read`, up to types that declare a scope. */
function publicTypes(): Set<string> {
  const reached = new Set<string>()
  const visit = (name: string) => {
    const type = schema.getType(name)
    if (reached.has(name) || !type || (isObjectType(type) && scopesOf(type).length > 0)) return
    reached.add(name)
    if (isAbstractType(type) && name !== 'Node') for (const each of schema.getPossibleTypes(type)) visit(each.name)
    if (isObjectType(type))
      for (const field of fieldsOf(type)) if (scopesOf(field).length === 0) visit(getNamedType(field.type).name)
  }
  for (const field of fieldsOf(schema.getQueryType()))
    if (scopesOf(field).includes('catalogue:read') || OPEN.includes(field.name)) visit(getNamedType(field.type).name)
  return reached
}

describe('every field', () => {
  it('of a root declares its scope beside it', () => {
    const silent = ROOTS.flatMap((type) =>
      fieldsOf(type).flatMap((field) =>
        scopesOf(field).length === 0 && ![...BY_ID, ...OPEN].includes(field.name)
          ? [`${type?.name}.${field.name}`]
          : [],
      ),
    )
    expect(silent).toEqual([])
  })

  it('that changes something needs a scope that is not for reading', () => {
    const reading = fieldsOf(schema.getMutationType()).filter((field) =>
      scopesOf(field).some((scope) => scope.endsWith(':read')),
    )
    expect(reading.map(({ name }) => name)).toEqual([])
  })

  it('of a type that is not public declares its scope at the type, so that no path to it is open', () => {
    const open = publicTypes()
    const silent = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) && !type.name.startsWith('__') && !ROOTS.includes(type))
      .filter(({ name }) => !open.has(name) && !/(Connection|Edge)$/.test(name))
      .filter((type) => scopesOf(type).length === 0)
    expect(silent.map(({ name }) => name)).toEqual([])
    // What is public is public on purpose.
    expect([...open].filter((name) => isObjectType(schema.getType(name))).sort()).toMatchInlineSnapshot(`
      [
        "Explanation",
        "Facet",
        "Facets",
        "Family",
        "FamilyConnection",
        "FamilyEdge",
        "Icon",
        "IconSet",
        "IconSetConnection",
        "IconSetEdge",
        "Illustration",
        "Image",
        "ImageError",
        "ItemConnection",
        "ItemEdge",
        "Layout",
        "License",
        "ManifestCheck",
        "ManifestProblem",
        "PageInfo",
        "Picture",
        "PictureSource",
        "Placeholder",
        "Preset",
        "Suggestion",
        "Swatch",
        "Vendor",
        "VendorConnection",
        "VendorEdge",
        "Viewer",
      ]
    `)
  })

  it('names its scope in its description', () => {
    const fields = ROOTS.flatMap(fieldsOf).filter(({ name }) => ![...BY_ID, ...OPEN].includes(name))
    const wrong = fields.filter((field) => {
      const scopes = scopesOf(field)
      const [, named] = /^Operators: scope (.+?)\. /.exec(field.description ?? '') ?? []
      return scopes.includes('catalogue:read') ? named !== undefined : named !== scopes.join(' or ')
    })
    expect(wrong.map(({ name }) => name)).toEqual([])
    expect(new Set(fields.flatMap(scopesOf)).size).toBeLessThanOrEqual(TOKEN_SCOPES.length)
  })
})

it('a caller without a token is refused every field but those of the catalogue, and these too if PUBLIC_READS is off', async () => {
  const app = await testApp(await testConfig({ PUBLIC_READS: 'off' }))
  await importDrawings(app, 1)
  const { id, uniqueId } = await app.prisma.item.findFirstOrThrow()
  const { url } = await testServer(app)
  const nodes = schema.getPossibleTypes(schema.getType('Node') as never).map(({ name }) => printGlobalId(name, id))
  const own = { id: nodes[0], ids: nodes.slice(0, 1), uniqueId, username: 'acme' }
  const all = requestsOf(schema, { own, foreignIds: nodes, foreignUsername: 'acme', foreignScopes: [] })
  // Those of a subscription begin a stream.
  const requests = all.filter(({ operation }) => operation !== 'subscription')
  const open: string[] = []
  const refused = new Set<string>()
  for (const { field, query, variables } of requests) {
    const { data, errors } = await ask<Record<string, unknown> | null>(url, query, { variables, token: null })
    if ([data?.[field]].flat().some((value) => value !== null && value !== undefined)) open.push(field)
    if (errors?.[0]?.extensions.code === 'FORBIDDEN') refused.add(field)
  }
  expect([...new Set(open)]).toEqual(OPEN)
  expect([...new Set(requests.map(({ field }) => field))].filter((field) => !refused.has(field))).toEqual(OPEN)
  expect((await ask<{ items: object }>(url, '{ items { nodes { id } } }')).data.items).not.toBeNull()
})

it('with PUBLIC_READS=off, pictures are open by the URLs of queries alone, not by addresses that anybody can make up', async () => {
  const app = await testApp(await testConfig({ PUBLIC_READS: 'off' }))
  await importDrawings(app, 2)
  const { url } = await testServer(app)
  const get = async (path: string, token?: string) => {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
    const response = await fetch(new URL(path, url), { redirect: 'manual', headers })
    return {
      status: response.status,
      cache: response.headers.get('cache-control'),
      to: response.headers.get('location'),
    }
  }
  const { uniqueId } = await app.prisma.item.findFirstOrThrow()
  const query = `{ item(uniqueId: "${uniqueId}") { image(preset: "thumbnail") { url } family { uniqueId preview(layout: "strip") { url } } } }`
  const { data } = await ask<{
    item: { image: { url: string }; family: { uniqueId: string; preview: { url: string } } }
  }>(url, query)
  const picture = data.item.image.url
  // It has no version yet, because its members are not picked.
  const preview = data.item.family.preview.url
  const alias = new URL(preview).pathname
  const madeUp = [
    picture.replace(/\.[a-z2-7]{16}\./, '.'),
    alias,
    ...['', '/images'].flatMap((below) => [
      `${below}/i/${uniqueId}.webp?w=64`,
      `${below}/f/${data.item.family.uniqueId}/strip.webp`,
    ]),
    `${alias}?until=9999999999&sig=AAAA`,
    `${alias}?${new URL(picture).search}`,
  ]
  const { secret } = await createToken(app, {
    ...{ name: 'a shop', scopes: ['catalogue:read'], vendor: null, expiresAt: null, by: ADMIN },
  })
  for (const path of madeUp) {
    expect(await get(path), path).toEqual({ status: 403, cache: 'no-store', to: null })
    expect(await get(path, secret), path).toMatchObject({ status: 302, cache: 'no-store' })
  }
  expect(await get(picture)).toMatchObject({ status: 200, cache: expect.stringContaining('immutable') })
  const made = await get(preview)
  expect(made).toMatchObject({ status: 302, cache: 'no-store' })
  expect(await get(new URL(made.to ?? '', preview).href)).toMatchObject({ status: 200 })
})
