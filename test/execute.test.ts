import fc from 'fast-check'
import { buildSchema, type ExecutionResult, execute, GraphQLError, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { executeQuery } from '../src/graphql/server/execute.ts'

/** Every kind of type and of failure, now and later, where null is allowed and where it is not. */
const schema = buildSchema(`
  enum Color { RED GREEN }
  interface Node { id: ID! name(upper: Boolean = false, times: [Int!]): String! self: Node! other: Node color: Color
    later: String laterHard: String! fails: String failsHard: String! failsLater: String failsLaterHard: String! wrong: Int
    tags: [String!] nodes(first: Int!): [Node!]! others(first: Int = 2): [Node] }
  type Even implements Node { id: ID! name(upper: Boolean = false, times: [Int!]): String! self: Node! other: Node color: Color
    later: String laterHard: String! fails: String failsHard: String! failsLater: String failsLaterHard: String! wrong: Int
    tags: [String!] nodes(first: Int!): [Node!]! others(first: Int = 2): [Node] even: Int }
  type Odd implements Node { id: ID! name(upper: Boolean = false, times: [Int!]): String! self: Node! other: Node color: Color
    later: String laterHard: String! fails: String failsHard: String! failsLater: String failsLaterHard: String! wrong: Int
    tags: [String!] nodes(first: Int!): [Node!]! others(first: Int = 2): [Node] odd: [[Int]!]! }
  union Any = Even | Odd
  type Query { node(id: Int = 1): Node any(id: Int!): Any hard(id: Int!): Node! nodes(first: Int!): [Node!]! list: [Int] }
  type Mutation { node: Node }
`)

function nodeOf(id: number): object {
  const fail = () => {
    throw new Error(`${id} fails`)
  }
  const nodes = ({ first }: { first: number }) => Array.from({ length: first }, (_, at) => nodeOf(id * 2 + at))
  return {
    __typename: id % 2 === 0 ? 'Even' : 'Odd',
    id,
    name: ({ upper, times = [1] }: { upper: boolean; times?: number[] }) =>
      `${upper ? 'N' : 'n'}${id}`.repeat(times?.length ?? 0),
    self: async () => nodeOf(id + 1),
    other: id % 3 === 0 ? null : nodeOf(id + 2),
    color: id % 2 === 0 ? 'RED' : 'BLUE',
    later: async () => `later ${id}`,
    laterHard: async () => (id % 4 === 0 ? null : `later ${id}`),
    fails: fail,
    failsHard: () => (id % 3 === 0 ? fail() : 'fine'),
    failsLater: async () => fail(),
    failsLaterHard: async () => (id % 5 === 0 ? fail() : 'fine'),
    wrong: 'no number',
    tags: new Set(['a', 'b']),
    nodes,
    others: async (args: { first: number }) => [...nodes(args), null, new Error(`an item of ${id}`)],
    even: () => Promise.resolve(id),
    odd: [[1, null], [Promise.resolve(2)]],
  }
}

const rootValue = {
  node: ({ id }: { id: number }) => nodeOf(id),
  any: async ({ id }: { id: number }) => nodeOf(id),
  hard: ({ id }: { id: number }) => nodeOf(id),
  nodes: ({ first }: { first: number }) => Array.from({ length: first }, (_, at) => nodeOf(at)),
  list: 5,
}

const sentenceOf = ({ path, message }: GraphQLError) => `${path?.join('.')}: ${message}`

async function answers(text: string, variableValues: Record<string, unknown> = {}) {
  const document = parse(text)
  const given = { schema, document, rootValue, variableValues }
  const theirs = await execute(given)
  const ours = (await executeQuery(given)) as ExecutionResult
  // From the plans of the first.
  expect(JSON.stringify(await executeQuery(given))).toBe(JSON.stringify(ours))
  return { ours, theirs }
}

describe('a query', () => {
  it.each<[text: string, variables?: Record<string, unknown>]>([
    ['{ node { id name color later laterHard tags } }'],
    [
      '{ b: node(id: 2) { id ... on Even { even } ... on Odd { odd } } a: node(id: 3) { __typename ... on Odd { odd } } }',
    ],
    ['{ any(id: 2) { __typename ... on Node { id } ...F } } fragment F on Even { even self { id } }'],
    ['{ node { name(upper: true) again: name(times: [1, 2]) __proto__: id constructor: id } }'],
    [
      'query ($up: Boolean, $n: Int!) { nodes(first: $n) { name(upper: $up) } node { name(times: [1, $n]) } }',
      { n: 3 },
    ],
    ['query ($n: Int! = 2) { nodes(first: $n) { id } }'],
    [
      'query ($a: Boolean!) { node { id @skip(if: $a) name @include(if: $a) ...F @include(if: $a) } } fragment F on Node { color }',
      { a: true },
    ],
    [
      'query ($a: Boolean!) { node { id @skip(if: $a) name @include(if: $a) ...F @include(if: $a) } } fragment F on Node { color }',
      { a: false },
    ],
    ['{ node { self { id } self { name self { id } } } ...Q } fragment Q on Query { node { self { color } } }'],
    ['{ node { fails failsLater wrong color id } list }'],
    ['{ a: node(id: 3) { id other { id } failsHard } b: node(id: 5) { failsLaterHard self { failsHard } } }'],
    ['{ nodes(first: 6) { id laterHard } }'],
    ['{ hard(id: 3) { failsHard } node { later } }'],
    ['{ node { others { id } nodes(first: 2) { others(first: 1) { fails } } } }'],
    ['query ($n: Int!) { nodes(first: $n) { id } }', { n: 'three' }],
    ['query ($n: Int) { node(id: $n) { id } }', { n: null }],
    [
      '{ __schema { queryType { name fields { name args { name defaultValue } } } } __type(name: "Color") { enumValues { name } } }',
    ],
  ])('%s is answered as by graphql-js', async (text, variables) => {
    expect(validate(schema, parse(text))).toEqual([])
    const { ours, theirs } = await answers(text, variables)
    expect(JSON.stringify(ours.data)).toBe(JSON.stringify(theirs.data))
    expect(ours.errors?.map(({ path }) => path?.join('.')).sort()).toEqual(
      theirs.errors?.map(({ path }) => path?.join('.')).sort(),
    )
  })

  it('in which very many fields fail reports the first 200 of them, and how many more there are', async () => {
    const { ours } = await answers('{ nodes(first: 300) { fails } }')
    expect(ours.data?.nodes).toHaveLength(300)
    expect(ours.errors).toHaveLength(201)
    expect(ours.errors?.at(-1)).toMatchObject({ message: '100 more fields failed, and are null.', path: ['nodes'] })
  })

  it('of any shape has the data of graphql-js, and errors where that has some', async () => {
    const leaf = fc.constantFrom(
      ...'id name color later laterHard fails failsHard failsLater failsLaterHard tags __typename'.split(' '),
    )
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc
        .array(
          fc.oneof(
            { depthSize: 'small', withCrossShrink: true },
            leaf,
            fc
              .tuple(fc.constantFrom('self', 'other', 'nodes(first: 2)', 'others'), tie('node'))
              .map(([field, below]) => `${field} { ${below} }`),
            tie('node').map((below) => `... on Even { ${below} even }`),
          ),
          { minLength: 1, maxLength: 4 },
        )
        .map((fields) => fields.join(' ')),
    }))
    await fc.assert(
      fc.asyncProperty(node, fc.nat(20), async (fields, id) => {
        const { ours, theirs } = await answers(
          `{ any(id: ${id}) { ... on Node { ${fields} } } hard(id: ${id}) { ${fields} } }`,
        )
        expect(JSON.stringify(ours.data)).toBe(JSON.stringify(theirs.data))
        expect(Boolean(ours.errors)).toBe(Boolean(theirs.errors))
      }),
      { numRuns: 200 },
    )
  })

  it('reports an error once, at the field that failed, and none within what is null already', async () => {
    const { ours } = await answers('{ node(id: 15) { failsLaterHard failsHard fails } }')
    expect(ours).toEqual({ data: { node: null }, errors: [expect.any(GraphQLError)] })
    expect(ours.errors?.map(sentenceOf)).toEqual(['node.failsHard: 15 fails'])
  })
})

it('leaves mutations to another executor', () => {
  expect(executeQuery({ schema, document: parse('mutation { node { id } }') })).toBe(null)
})
