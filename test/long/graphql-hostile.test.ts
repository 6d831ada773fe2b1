import {
  type GraphQLArgument,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
} from 'graphql'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { log } from '../../src/core/log.ts'
import { mapConcurrent } from '../../src/core/map-concurrent.ts'
import { schema } from '../../src/graphql/schema.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testServer } from '../support/setup.ts'
import { statementCounter } from '../support/statements.ts'

const NUL = 'a\u0000b'
const LONE = 'a\ud800b'
const base64 = (text: string) => Buffer.from(text).toString('base64')

type Value = readonly [name: string, value: unknown]

const TEXTS: readonly Value[] = [
  ['NUL', NUL],
  ['NUL within a node id', base64(`Family:1\0`)],
  ['a lone surrogate', LONE],
  ['long', 'x'.repeat(98_000)],
  ['empty', ''],
  ['control characters', 'a\u0001\u001b[31m\u007f\u0085\r\nb'],
  ['text from right to left', '\u202e\u2067a\u2066b\u061c\u200f\u200d\ufeff'],
  ['marks', `a${'\u0301'.repeat(5000)}`],
  ['a key of JavaScript', '__proto__'],
  ['wildcards', "%_\\'; drop table item --"],
  ['a path', '../../../../etc/passwd'],
  ['a date far away', '+275760-09-13T00:00:00.000Z'],
  ['a date before our era', '-000001-01-01T00:00:00Z'],
  ['no number', 'NaN'],
  ['infinity', '-Infinity'],
  ['a large number', '99999999999999999999999999'],
  ['id of another type', base64('Preset:1')],
  ['id of what is not there', base64('Family:2147483647')],
  ['id out of range', base64('Icon:99999999999')],
  ['negative id', base64('IconSet:-1')],
  ['hexadecimal id', base64('Icon:0x1')],
  ['cursor of another list', Buffer.from('["Other.list",1]').toString('base64url')],
  ['cursor of no number', Buffer.from('["Query.items",1e999]').toString('base64url')],
  ['cursor of another program', base64('GPC:N:NaN')],
]
const NUMBERS: readonly Value[] = [
  ['huge number', 2 ** 31 - 1],
  ['number out of range', 2 ** 31],
  ['larger number', 1e308],
  ['unsafe number', 2 ** 53 + 2],
  ['negative', -1],
  ['smallest', -(2 ** 31)],
  ['fraction', 0.5],
  ['tiny', 5e-324],
  ['negative zero', -0],
]
/** What no type but a list or an input accepts. */
const SHAPES: readonly Value[] = [
  ['list', [NUL]],
  ['long list', Array.from({ length: 2000 }, (_, at) => base64(`Icon:${at}`))],
  ['object', { __proto__: null, constructor: 1 }],
  ['deep', JSON.parse(`${'['.repeat(2000)}${']'.repeat(2000)}`)],
  ['null', null],
  ['boolean', true],
]

/** What the type may accept, and some of what it does not. */
const valuesFor = (leaf: GraphQLInputType): readonly Value[] => {
  const { name } = getNamedType(leaf)
  if (name === 'Int' || name === 'Float') return [...NUMBERS, ...SHAPES, ...TEXTS.slice(0, 4), ...TEXTS.slice(13, 16)]
  if (name === 'Boolean' || isEnumType(leaf)) return [...SHAPES, ...TEXTS.slice(0, 9), ...NUMBERS.slice(0, 3)]
  return [...TEXTS, ...SHAPES, ...NUMBERS.slice(0, 5)]
}

/** Values that are tried as literals of the document too. `NaN` and `1e999` can only be written there. */
const LITERALS = [
  '"a\\u0000b"',
  '"a\\ud800b"',
  'NaN',
  '1e999',
  '-9007199254740993',
  '"""\u202e\u0007"""',
  '[[[]]]',
  '{ a: $value }',
]

interface Argument {
  readonly name: string
  /** The document, with the argument as `$value` of this type. */
  readonly query: string
  readonly operation: string
  readonly wrap: (value: unknown) => unknown
  /** The document with a literal in the argument's place. */
  readonly withLiteral: (text: string) => string
  readonly values: readonly Value[]
}

/** Every argument of the schema, and every field of its input types. */
function listArguments(): Argument[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    type.name.startsWith('__') || !(isObjectType(type) || isInterfaceType(type))
      ? []
      : Object.values(type.getFields()).flatMap((field) =>
          field.args.flatMap((argument) =>
            leavesOf(argument.type).map(({ path, wrap, print, leaf }) => {
              const others = field.args
                .filter((other) => other !== argument && isNonNullType(other.type) && other.defaultValue === undefined)
                .map((other) => `${other.name}: ${filler(other)}`)
              const operation = { Query: 'query', Mutation: 'mutation', Subscription: 'subscription' }[type.name]
              const documentOf = (value: string, variable = '') => {
                const call = `${field.name}(${[`${argument.name}: ${value}`, ...others].join(', ')}) ${selectionOf(field.type as never)}`
                // Every field with arguments below the root is on a node.
                return operation
                  ? `${operation} ${variable} { ${call} }`
                  : `query ${variable} { nodes(ids: [${NODES}]) { ... on ${type.name} { ${call} } } }`
              }
              return {
                name: [`${type.name}.${field.name}`, argument.name, ...path].join(' '),
                operation: operation ?? 'query',
                wrap,
                values: valuesFor(leaf),
                query: documentOf('$value', `($value: ${argument.type})`),
                withLiteral: (text: string) => documentOf(print(text)),
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

interface Leaf {
  readonly leaf: GraphQLInputType
  readonly path: readonly string[]
  readonly wrap: (value: unknown) => unknown
  /** The same for the text of a literal. */
  readonly print: (text: string) => string
}

function leavesOf(type: GraphQLInputType): Leaf[] {
  if (isNonNullType(type)) return leavesOf(type.ofType)
  if (isListType(type))
    return leavesOf(type.ofType as GraphQLInputType).map((leaf) => ({
      ...leaf,
      wrap: (value) => [leaf.wrap(value)],
      print: (text) => `[${leaf.print(text)}]`,
    }))
  if (!isInputObjectType(type)) return [{ leaf: type, path: [], wrap: (value) => value, print: (text) => text }]
  return Object.values(type.getFields()).flatMap((field) => {
    const others = Object.values(type.getFields()).filter((other) => other !== field && isRequiredInputField(other))
    const rest = others.map((other) => `, ${other.name}: ${filler(other as never)}`).join('')
    return leavesOf(field.type).map(({ leaf, path, wrap, print }) => ({
      leaf,
      path: [field.name, ...path],
      wrap: (value: unknown) => ({ [field.name]: wrap(value) }),
      print: (text: string) => `{ ${field.name}: ${print(text)}${rest} }`,
    }))
  })
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
    const lines: string[] = []
    for (const level of ['info', 'warn', 'error'] as const) {
      const spy = vi.spyOn(log, level).mockImplementation((...line) => void lines.push(JSON.stringify(line)))
      onTestFinished(() => spy.mockRestore())
    }
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
    const check = async (what: string, body: object, operation: string) => {
      const headers = operation === 'subscription' ? { accept: 'text/event-stream' } : {}
      const answer = await post(JSON.stringify(body).slice(0, 100_000), headers as never)
      const text = await answer.text()
      if (answer.status >= 500 || /"code":"(INTERNAL|UNAVAILABLE)"/.test(text))
        wrong.push(`${what}: ${answer.status} ${text.slice(0, 200)}`)
      return text
    }
    let requests = 0
    await mapConcurrent(all, 8, async ({ name, query, operation, wrap, values, withLiteral }) => {
      for (const [what, value] of values) {
        requests++
        const text = await check(`${name}: ${what}`, { query, variables: { value: wrap(value) } }, operation)
        if ((what === 'NUL' || what === 'a lone surrogate') && !text.includes('BAD_INPUT'))
          wrong.push(`${name}: ${what} is taken: ${text.slice(0, 200)}`)
      }
      for (const literal of LITERALS) {
        requests++
        await check(`${name}: ${literal}`, { query: withLiteral(literal) }, operation)
      }
    })
    expect(wrong).toEqual([])
    // A client's mistake is no event of the service, and what it wrote must not be able to fill the log.
    expect(lines.length).toBeLessThan(requests / 20)
    expect(lines.filter((line) => line.length > 1000 || /\n\s+at /.test(line))).toEqual([])
  }, 240_000)

  it('is read from a body of 10 MB', async () => {
    const { post } = await open(0)
    const answer = await post(JSON.stringify({ query: '{ __typename }', variables: { value: 'x'.repeat(10_000_000) } }))
    expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining('at most 100000 are allowed')])
  })
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
