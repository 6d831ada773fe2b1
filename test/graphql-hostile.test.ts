import {
  type GraphQLArgument,
  type GraphQLInputType,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { mapConcurrent } from '../src/core/map-concurrent.ts'
import { schema } from '../src/graphql/schema.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testServer } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

const NUL = 'a\u0000b'
const LONE = 'a\ud800b'
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Values that no argument accepts, and values that only some do. */
const HOSTILE: readonly (readonly [name: string, value: unknown])[] = [
  ['NUL', NUL],
  ['NUL within a node id', base64(`Family:1\0`)],
  ['a lone surrogate', LONE],
  ['long', 'x'.repeat(98_000)],
  ['empty', ''],
  ['a key of JavaScript', '__proto__'],
  ['wildcards', "%_\\'; drop table item --"],
  ['huge number', 2 ** 31 - 1],
  ['larger number', 1e308],
  ['negative', -1],
  ['fraction', 0.5],
  ['id of another type', base64('Preset:1')],
  ['id of what is not there', base64('Family:2147483647')],
  ['id out of range', base64('Icon:99999999999')],
  ['hexadecimal id', base64('Icon:0x1')],
  ['cursor of another list', Buffer.from('["Other.list",1]').toString('base64url')],
  ['cursor of another program', base64('GPC:N:NaN')],
  ['list', [NUL]],
  ['deep', JSON.parse(`${'['.repeat(2000)}${']'.repeat(2000)}`)],
]

interface Argument {
  readonly name: string
  /** The document, with the argument as `$value` of this type. */
  readonly query: string
  readonly operation: string
  readonly wrap: (value: unknown) => unknown
}

/** Every argument of the schema, and every field of its input types. */
function listArguments(): Argument[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    type.name.startsWith('__') || !(isObjectType(type) || isInterfaceType(type))
      ? []
      : Object.values(type.getFields()).flatMap((field) =>
          field.args.flatMap((argument) =>
            leavesOf(argument.type).map(({ path, wrap }) => {
              const others = field.args
                .filter((other) => other !== argument && isNonNullType(other.type) && other.defaultValue === undefined)
                .map((other) => `${other.name}: ${filler(other)}`)
              const call = `${field.name}(${[`${argument.name}: $value`, ...others].join(', ')}) ${selectionOf(field.type as never)}`
              const operation = { Query: 'query', Mutation: 'mutation', Subscription: 'subscription' }[type.name]
              const variable = `($value: ${argument.type})`
              return {
                name: [`${type.name}.${field.name}`, argument.name, ...path].join(' '),
                operation: operation ?? 'query',
                wrap,
                // Every field with arguments below the root is on a node.
                query: operation
                  ? `${operation} ${variable} { ${call} }`
                  : `query ${variable} { nodes(ids: [${NODES}]) { ... on ${type.name} { ${call} } } }`,
              }
            }),
          ),
        ),
  )
}

const NODES = ['Vendor', 'Family', 'IconSet', 'Icon', 'Backfill', 'Upload'].map((type) => `"${base64(`${type}:1`)}"`)

/** A value for other required arguments. */
const filler = ({ type, name }: GraphQLArgument): string => {
  const named = getNamedType(type).name
  if (named === 'Float' || named === 'Int') return '1'
  const value = name === 'id' ? JSON.stringify(base64('Vendor:1')) : '"acme"'
  return isListType(isNonNullType(type) ? type.ofType : type) ? `[${value}]` : value
}

function leavesOf(type: GraphQLInputType): { path: string[]; wrap: Argument['wrap'] }[] {
  if (isNonNullType(type)) return leavesOf(type.ofType)
  if (isListType(type))
    return leavesOf(type.ofType as GraphQLInputType).map((leaf) => ({ ...leaf, wrap: (value) => [leaf.wrap(value)] }))
  if (!isInputObjectType(type)) return [{ path: [], wrap: (value) => value }]
  return Object.values(type.getFields()).flatMap((field) =>
    leavesOf(field.type).map(({ path, wrap }) => ({
      path: [field.name, ...path],
      wrap: (value: unknown) => ({ [field.name]: wrap(value) }),
    })),
  )
}

const selectionOf = (type: Parameters<typeof getNamedType>[0]) =>
  isLeafType(getNamedType(type)) ? '' : '{ __typename }'

async function open(count = 1) {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, count)
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
      body,
      signal: AbortSignal.timeout(20_000),
    })
  return { app, url, post }
}

describe('no argument of the schema', () => {
  it('answers nonsense with INTERNAL', async () => {
    const { app, post } = await open()
    await app.prisma.backfill.create({
      data: { mode: 'ALL', status: 'CANCELED', presets: [], formats: [], fingerprint: 'x' },
    })
    await app.prisma.upload.create({ data: { vendor: 'acme', fileName: 'a.zip', bytes: 1 } })
    const all = listArguments()
    // New fields are included automatically.
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'Query.items scope vendor',
        'Family.items after',
        'Mutation.takeDown reason',
        'Query.nodes ids',
      ]),
    )
    const wrong: string[] = []
    await mapConcurrent(all, 8, async ({ name, query, operation, wrap }) => {
      for (const [what, value] of HOSTILE) {
        const variables = { value: wrap(value) }
        const headers = operation === 'subscription' ? { accept: 'text/event-stream' } : {}
        const answer = await post(JSON.stringify({ query, variables }).slice(0, 100_000), headers as never)
        const text = await answer.text()
        if (answer.status >= 500 || /"code":"(INTERNAL|UNAVAILABLE)"/.test(text))
          wrong.push(`${name}: ${what}: ${answer.status} ${text.slice(0, 200)}`)
        if (what === 'NUL' || what === 'a lone surrogate')
          if (!text.includes('BAD_INPUT')) wrong.push(`${name}: ${what} is taken: ${text.slice(0, 200)}`)
      }
    })
    expect(wrong).toEqual([])
  }, 240_000)
})

describe('a body', () => {
  const rows: [name: string, body: string | Uint8Array, code: string][] = [
    ['that is empty', '', 'BAD_INPUT'],
    ['that is null', 'null', 'BAD_INPUT'],
    ['that is a number', '7', 'BAD_INPUT'],
    ['that is a text', '"{ __typename }"', 'BAD_INPUT'],
    ['that is no JSON', '{', 'BAD_INPUT'],
    ['that is no UTF-8', Buffer.from('{"query":"\xff"}', 'latin1'), 'BAD_INPUT'],
    ['without a query', '{}', 'BAD_INPUT'],
    ['whose query is null', '{"query":null}', 'BAD_INPUT'],
    ['whose query is empty', '{"query":""}', 'BAD_INPUT'],
    ['whose query is a list', '{"query":["{ __typename }"]}', 'BAD_INPUT'],
    ['whose query is a comment', '{"query":"# nothing"}', 'BAD_INPUT'],
    ['whose query is a fragment', '{"query":"fragment F on Query { __typename }"}', 'BAD_INPUT'],
    ['of two operations without a name', '{"query":"{ __typename } { __typename }"}', 'BAD_INPUT'],
    ['of two operations, none asked for', '{"query":"query A { __typename } query B { __typename }"}', 'BAD_INPUT'],
    ['of an operation that is not there', '{"query":"query A { __typename }","operationName":"B"}', 'BAD_INPUT'],
    ['whose operationName is a number', '{"query":"{ __typename }","operationName":7}', 'BAD_INPUT'],
    ['whose variables are a text', '{"query":"{ __typename }","variables":"x"}', 'BAD_INPUT'],
    ['whose variables are a list', '{"query":"{ __typename }","variables":[1]}', 'BAD_INPUT'],
    ['with a text with NUL', JSON.stringify({ query: '{ vendor(username: "a\\u0000b") { name } }' }), 'BAD_INPUT'],
    [
      'with a text with half a pair',
      JSON.stringify({ query: '{ vendor(username: "a\\ud800b") { name } }' }),
      'BAD_INPUT',
    ],
    ['with NUL outside of a text', JSON.stringify({ query: '{ vendors\u0000 { name } }' }), 'BAD_INPUT'],
  ]
  it('gets 400 and a code, never 500', async () => {
    const { post } = await open(0)
    const answers: unknown[] = []
    for (const [name, body] of rows) {
      const answer = await post(body as BodyInit)
      const text = await answer.text()
      answers.push([name, answer.status, /"code":"(\w+)"/.exec(text)?.[1] ?? text])
    }
    expect(answers).toEqual(rows.map(([name, , code]) => [name, 400, code]))
    const bom = await post('\ufeff{"query":"{ __typename }"}')
    expect([200, 400]).toContain(bom.status)
    expect(await (await post('{"query":"{ __typename }","variables":null,"operationName":null}')).json()).toEqual({
      data: { __typename: 'Query' },
    })
    expect(await (await post('{"query":"\\ufeff{ __typename }"}')).json()).toEqual({ data: { __typename: 'Query' } })
  })
})

describe('a large query', () => {
  it('is answered in a constant number of statements, or refused with the numbers', async () => {
    const { app, post } = await open(100)
    const images = (count: number) =>
      `{ items(first: 100) { nodes { ${Array.from({ length: count }, (_, at) => `i${at}: image { url status }`).join(' ')} } } }`
    const count = await statementCounter(app)(async () => {
      const many = (await (await post(JSON.stringify({ query: images(60) }))).json()) as {
        data: { items: { nodes: Record<string, { url: string }>[] } }
      }
      expect(Object.values(many.data.items.nodes[99] ?? {})).toHaveLength(60)
    })
    expect(count).toBeLessThanOrEqual(4)
    const refused = [
      images(150),
      `{ ${Array.from({ length: 201 }, (_, at) => `a${at}: presets { name }`).join(' ')} }`,
      `{ ${Array.from({ length: 100 }, (_, at) => `a${at}: items(first: 100) { nodes { name kind slug id uniqueId tags } }`).join(' ')} }`,
    ]
    for (const each of refused) {
      const { errors } = (await (await post(JSON.stringify({ query: each }))).json()) as {
        errors: { message: string; extensions: object }[]
      }
      expect(errors[0]).toMatchObject({
        message: expect.stringMatching(
          /The query (costs \d+ points|has \d+ (aliases|fields)).*; at most \d+ are allowed: request less/,
        ),
        extensions: { code: 'BAD_INPUT' },
      })
    }
  })
})
