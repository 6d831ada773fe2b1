import { type GraphQLObjectType, getNamedType, isAbstractType, isObjectType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { TOKEN_SCOPES } from '../src/access/caller.ts'
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
  expect((await fetch(`${url}/i/${uniqueId}.webp`, { redirect: 'manual' })).status).toBe(403)
  expect((await ask<{ items: object }>(url, '{ items { nodes { id } } }')).data.items).not.toBeNull()
})
