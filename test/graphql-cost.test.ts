import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
} from 'graphql'
import { expect, it } from 'vitest'
import { costOf } from '../src/graphql/cost.ts'
import { schema } from '../src/graphql/schema.ts'
import { checkDocument, DOCUMENT_LIMITS, fragmentsOf } from '../src/graphql/server/document-limits.ts'
import { COST_MAX } from '../src/graphql/server/limit-operations.ts'
import { importItems } from '../src/import/import-items.ts'
import { ADMIN_TOKEN, drawing, entry, testApp, testConfig, testServer } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

const STATEMENTS_MAX = 200
const RESPONSE_MAX_BYTES = 8_000_000
/** Each is signed in the event loop, which takes 8 microseconds. */
const URLS_MAX = 30_000
/** Vendors, each with a family of one set and one item: as many rows as a page has. */
const VENDORS = 100
/** Numbers of aliases to try, most first: the first that the limits accept is measured. */
const COUNTS = [190, 120, 95, 60, 40, 30, 20, 12, 8, 5, 3, 2, 1]

type Field = GraphQLField<unknown, unknown>

const id = (type: string) => JSON.stringify(Buffer.from(`${type}:1`).toString('base64'))

/** Different for each alias, so that nothing can be merged. */
function fillerOf({ type, name }: GraphQLArgument, at: number): string {
  const named = getNamedType(type).name
  if (name === 'first') return String((at % 99) + 1)
  if (named === 'Int' || named === 'Float') return '1'
  if (named === 'ScopeInput') return `{ vendor: "v${at % VENDORS}" }`
  const text = name === 'id' || name === 'ids' ? id('Vendor') : named === 'ID' ? id('Icon') : `"v${at % VENDORS}"`
  return isListType(isNonNullType(type) ? type.ofType : type) ? `[${text}]` : text
}

/** Arguments that are required, and those that make the field do the most. */
function argumentsOf(field: Field, at: number): string {
  const given = field.args.filter(
    ({ type, name, defaultValue }) =>
      name === 'first' || name === 'search' || (isNonNullType(type) && defaultValue === undefined),
  )
  return given.length > 0 ? `(${given.map((arg) => `${arg.name}: ${fillerOf(arg, at)}`).join(', ')})` : ''
}

/** Everything of a type that has no type of its own below it. */
function selectionOf(field: Field, at: number): string {
  const type = getNamedType(field.type)
  if (isLeafType(type)) return ''
  if (!isObjectType(type) && !isInterfaceType(type)) return '{ __typename }'
  const fields = Object.values(type.getFields())
  const leaves = fields.filter((each) => isLeafType(getNamedType(each.type)) && argumentsOf(each, at) === '')
  const nodes = fields.some(({ name }) => name === 'nodes') ? ' nodes { __typename id }' : ''
  return `{ ${['__typename', ...leaves.slice(0, 3).map(({ name }) => name)].join(' ')}${nodes} }`
}

/** Documents that ask for each field of the schema as often as the limits allow, at the root and for each row of a page. */
function documentsOf(count: number, rows: number) {
  const aliased = (field: Field) =>
    Array.from(
      { length: count },
      (_, at) => `a${at}: ${field.name}${argumentsOf(field, at)} ${selectionOf(field, at)}`,
    ).join(' ')
  const pages: Readonly<Record<string, (inner: string) => string>> = {
    Vendor: (inner) => `{ vendors(first: ${rows}) { nodes { ${inner} } } }`,
    Family: (inner) => `{ families(first: ${rows}) { nodes { ${inner} } } }`,
    IconSet: (inner) => `{ families(first: ${rows}) { nodes { iconSets(first: 1) { nodes { ${inner} } } } } }`,
    ItemConnection: (inner) =>
      `{ families(first: ${rows}) { nodes { items(first: 1, search: "icon") { ${inner} } } } }`,
    Facets: (inner) => `{ families(first: ${rows}) { nodes { items(first: 1) { facets { ${inner} } } } } }`,
    Icon: (inner) => `{ items(first: ${rows}) { nodes { ... on Icon { ${inner} } } } }`,
    Backfill: (inner) => `{ backfills(first: ${rows}) { nodes { ${inner} } } }`,
    Upload: (inner) => `{ uploads(first: ${rows}) { nodes { ${inner} } } }`,
    TakeDown: (inner) => `{ takeDowns(first: ${rows}) { nodes { ${inner} } } }`,
    Webhook: (inner) => `{ webhooks(first: ${rows}) { nodes { ${inner} } } }`,
  }
  const fieldsOf = (name: string) => Object.values((schema.getType(name) as GraphQLObjectType).getFields())
  return [
    ...fieldsOf('Query').map((field) => ({ name: `Query.${field.name}`, query: `{ ${aliased(field)} }` })),
    ...fieldsOf('Mutation').map((field) => ({
      name: `Mutation.${field.name}`,
      query: `mutation { ${aliased(field)} }`,
    })),
    ...Object.entries(pages).flatMap(([type, page]) =>
      fieldsOf(type).map((field) => ({ name: `${type}.${field.name}`, query: page(aliased(field)) })),
    ),
  ]
}

/** Whether the limits accept a document. */
function isAllowed(query: string): boolean {
  try {
    const document = parse(query, { maxTokens: DOCUMENT_LIMITS.tokens })
    checkDocument(document)
    const operation = getOperationAST(document)
    const cost = operation && costOf(schema, { operation, fragments: fragmentsOf(document), variables: {} })
    return query.length < 99_000 && (cost?.total ?? Number.POSITIVE_INFINITY) <= COST_MAX
  } catch {
    return false
  }
}

it('no document that passes the limits takes more than 200 statements or 30,000 URLs, or is refused after the work for its length', async () => {
  const app = await testApp(await testConfig({ UPLOADS_IN_PROGRESS: 'off' }))
  const { url } = await testServer(app)
  const entries = Array.from({ length: VENDORS }, (_, at) =>
    entry(`v${at}`, drawing(at), { vendor: `v${at}`, family: `f${at}` }),
  )
  await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
  await app.prisma.backfill.createMany({
    data: Array.from({ length: 100 }, (_, at) => ({
      mode: 'ALL' as const,
      status: 'COMPLETED' as const,
      presets: [],
      formats: [],
      fingerprint: `x${at}`,
    })),
  })
  await app.prisma.upload.createMany({
    data: Array.from({ length: 100 }, () => ({ vendor: 'v1', fileName: 'a.zip', bytes: 1 })),
  })
  const post = async (query: string) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ query }),
    })
    return await response.text()
  }
  const count = statementCounter(app)
  const open = new Set(documentsOf(1, 1).map(({ name }) => name))
  const measured: { name: string; statements: number; bytes: number; urls: number; isInVain: boolean }[] = []
  for (const rows of [100, 20])
    for (const aliases of COUNTS)
      for (const { name, query } of documentsOf(aliases, rows)) {
        if (!open.has(name) || !isAllowed(query)) continue
        open.delete(name)
        let text = ''
        const statements = await count(async () => {
          text = await post(query)
          await app.pg.query('select')
        })
        measured.push({
          name: `${aliases} x ${name} of ${rows}`,
          statements: statements - 1,
          bytes: text.length,
          urls: text.split('/images/').length - 1,
          isInVain: text.includes('The response has more than'),
        })
      }
  expect([...open]).toEqual([])
  const isExcessive = ({ statements, bytes, urls, isInVain }: (typeof measured)[number]) =>
    statements > STATEMENTS_MAX || bytes > RESPONSE_MAX_BYTES || urls > URLS_MAX || isInVain
  expect(measured.filter(isExcessive)).toEqual([])
}, 120_000)
