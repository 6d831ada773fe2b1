import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** A request that abuses GraphQL over HTTP, and how it is refused. */
export interface Abuse {
  readonly kind: string
  readonly status: number
  readonly code: string
  /** Of the sentence. */
  readonly says: RegExp
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

const times = (count: number, text: (index: number) => string, separator = ' ') =>
  Array.from({ length: count }, (_, index) => text(index)).join(separator)
const nest = (count: number, before: string, inner: string, after: string) =>
  before.repeat(count) + inner + after.repeat(count)
const id = (index: number) => Buffer.from(`Icon:${index + 1}`).toString('base64')

const BAD = { status: 400, code: 'BAD_INPUT' }
const INVALID = { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' }

/** A document that is refused with BAD_INPUT. */
const bad = (kind: string, query: string, says: RegExp, variables?: object): Abuse => ({
  ...BAD,
  kind,
  says,
  body: JSON.stringify({ query, variables }),
})
const invalid = (kind: string, query: string, says: RegExp, variables?: object): Abuse => ({
  ...bad(kind, query, says, variables),
  ...INVALID,
})
/** One that is refused by the field that it asks for. */
const badField = (kind: string, query: string, says: RegExp, variables?: object): Abuse => ({
  ...bad(kind, query, says, variables),
  status: 200,
})
const raw = (kind: string, body: string | Buffer, says: RegExp): Abuse => ({ ...BAD, kind, says, body })
const otherType = (kind: string, type: string, body: string): Abuse => ({
  kind,
  status: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  says: /send application\/json/,
  headers: { 'content-type': type },
  body,
})
const get = (kind: string, parameters: string, rest: Partial<Abuse> & { says: RegExp }): Abuse => ({
  ...BAD,
  kind,
  method: 'GET',
  path: `/graphql?${parameters}`,
  ...rest,
})

const DEPTH = /is \d+ fields deep; at most 15 are allowed/
const FIELDS = /has \S+ fields; at most 400 are allowed/
const ALIASES = /has \d+ aliases; at most 200/
const TOKENS = /more than 2000 tokens/
const CYCLE = /Fragment "\w+" contains itself/
const COST = /costs \d+ points, of which \S+ costs \d+; at most 60000/
const MULTIPART =
  '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{ __typename }"}\r\n--x--\r\n'

const FLOODS: readonly Abuse[] = [
  bad('deep fields', nest(40, '{ vendors { nodes ', '{ id }', '} }'), DEPTH),
  bad('deep inline fragments', nest(300, '{ ... ', '{ __typename }', ' }'), /has \d+ nested selections; at most 50/),
  bad(
    'a long chain of fragments',
    `{ ...F0 } ${times(99, (at) => `fragment F${at} on Query { ...F${at + 1} }`)} fragment F99 on Query { __typename }`,
    /nested selections/,
  ),
  bad('aliases of one field', `{ ${times(300, (at) => `a${at}: __typename`)} }`, ALIASES),
  bad('aliases of a costly field', `{ ${times(150, (at) => `a${at}: items(first: 100) { nodes { name } }`)} }`, TOKENS),
  bad('10,000 aliases', `{ ${times(10_000, () => 'a:id')} }`, TOKENS),
  bad('a flood of __typename', `{ ${times(900, () => '__typename')} }`, FIELDS),
  bad('a flood of __typename further down', `{ vendors { nodes { ${times(900, () => '__typename')} } } }`, FIELDS),
  bad('a field repeated', `{ ${times(250, () => 'presets { name }')} }`, FIELDS),
  bad('brackets', nest(3000, '{', 'a', '}'), /Syntax Error/),
  bad(
    'directives on a field',
    `{ __typename ${times(60, () => '@include(if: true)')} }`,
    /has 60 directives; at most 50/,
  ),
  bad('unknown directives', `{ __typename ${times(900, () => '@a')} }`, /has 900 directives/),
  bad(
    'directives on an operation',
    `query ${times(200, () => '@skip(if: false)')} { __typename }`,
    /has 200 directives/,
  ),
  bad(
    'many operations',
    times(60, (at) => `query Q${at} { __typename }`),
    /has 60 operations; at most 10/,
  ),
  bad(
    'many operations without a name',
    times(60, () => '{ __typename }'),
    /has 60 operations/,
  ),
  bad(
    'unused fragments',
    `{ __typename } ${times(150, (at) => `fragment F${at} on Query { __typename }`)}`,
    /has 150 fragments; at most 100/,
  ),
  bad(
    'many variables',
    `query (${times(150, (at) => `$v${at}: Int`, ', ')}) { __typename }`,
    /has 150 variables; at most 100/,
  ),
  bad('a comment of 90 kB', `#${'x'.repeat(90_000)}`, /Unexpected <EOF>/),
  bad('commas', ','.repeat(90_000), /Unexpected <EOF>/),
  bad('byte order marks', '\ufeff'.repeat(20_000), /Unexpected <EOF>/),
  bad('an unfinished text', `{ vendor(username: "${'x'.repeat(90_000)}`, /Unterminated string/),
]

const FRAGMENTS: readonly Abuse[] = [
  bad('a fragment in itself', '{ ...F } fragment F on Query { ...F }', CYCLE),
  bad('two fragments in each other', '{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }', CYCLE),
  bad(
    'a cycle of 40 fragments',
    `{ ...F0 } ${times(40, (at) => `fragment F${at} on Query { ...F${(at + 1) % 40} }`)}`,
    CYCLE,
  ),
  bad('a cycle of unused fragments', '{ __typename } fragment F on Query { ...G } fragment G on Query { ...F }', CYCLE),
  bad(
    'a cycle through a field',
    '{ vendors { ...F } } fragment F on VendorConnection { nodes { families { nodes { vendor { ...G } } } } } fragment G on Vendor { families { nodes { vendor { ...G } } } }',
    CYCLE,
  ),
  bad(
    'doubling fragments',
    `{ ...F0 } ${times(40, (at) => `fragment F${at} on Query { ...F${at + 1} ...F${at + 1} }`)} fragment F40 on Query { __typename }`,
    FIELDS,
  ),
  bad(
    'doubling fragments below aliases',
    `{ vendors { nodes { ...F0 } } } ${times(9, (at) => `fragment F${at} on Vendor { a${at}: families { nodes { vendor { ...F${at + 1} } } } b${at}: families { nodes { vendor { ...F${at + 1} } } } }`)} fragment F9 on Vendor { id }`,
    /fields/,
  ),
  invalid('a fragment of an unknown type', '{ ... on Nothing { id } }', /Unknown type "Nothing"/),
  invalid('a fragment that is not there', '{ ...F }', /Unknown fragment "F"/),
]

const VALUES: readonly Abuse[] = [
  invalid(
    'an argument repeated',
    `{ vendor(${times(400, () => 'username: "a"')}) { id } }`,
    /only one argument named "username"/,
  ),
  invalid(
    'a field of an input repeated',
    `{ items(scope: {${times(400, () => 'vendor: "a"')}}) { totalCount } }`,
    /only one input field named "vendor"/,
  ),
  badField('a block string of 90 kB', `{ items(search: """${'x'.repeat(90_000)}""") { totalCount } }`, /search/),
  badField('a block string of lines', `{ items(search: """${'x\n'.repeat(30_000)}""") { nodes { id } } }`, /search/),
  badField('a text of escapes', `{ items(search: "${'\\u0041'.repeat(14_000)}") { totalCount } }`, /search/),
  bad('a text with NUL', '{ vendor(username: "a\\u0000") { id } }', /NUL character/),
  bad('half of a surrogate pair', '{ vendor(username: "\\ud800") { id } }', /Invalid Unicode/),
  bad('half of a pair in a variable', 'query ($u: String!) { vendor(username: $u) { id } }', /surrogate/, {
    u: '\ud800',
  }),
  badField('a list of 1,500 ids', `{ nodes(ids: [${times(1500, (at) => `"${id(at)}"`)}]) { id } }`, /1,?000/),
  badField('a list of 5,000 ids in a variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', /1,?000/, {
    ids: Array.from({ length: 5000 }, (_, at) => id(at)),
  }),
  bad('a deep list', `{ nodes(ids: ${nest(900, '[', '', ']')}) { id } }`, /has \d+ nested values; at most 20/),
  bad('a deep object', `{ items(scope: ${nest(400, '{vendor: ', '"a"', '}')}) { totalCount } }`, /nested values/),
  raw(
    'deep variables',
    `{"query":"{ __typename }","variables":{"v":${nest(40_000, '[', '', ']')}}}`,
    /variables are nested more than 20 deep/,
  ),
  raw(
    'deep objects in variables',
    `{"query":"{ __typename }","variables":${nest(15_000, '{"a":', '1', '}')}}`,
    /nested more than 20 deep/,
  ),
  bad(
    'thousands of variables',
    '{ __typename }',
    /has 5000 variables; at most 100/,
    Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`v${at}`, 1])),
  ),
  invalid('a number of 90,000 digits', `{ items(first: ${'1'.repeat(90_000)}) { totalCount } }`, /^.{1,600}$/),
  invalid('a number beyond Int', '{ items(first: 2147483648) { totalCount } }', /32-bit/),
  badField('a huge page', '{ items(first: 2147483647) { nodes { id } } }', /first is 2147483647/),
  badField('a negative page', '{ items(first: -1) { nodes { id } } }', /first is -1/),
  badField('a cursor of another list', '{ vendors(after: "WyJPdGhlci5saXN0IiwxXQ") { nodes { id } } }', /cursor/),
  invalid('a name of 90,000 letters', `{ ${'x'.repeat(90_000)} }`, /^.{1,600}$/),
]

const SCHEMA: readonly Abuse[] = [
  bad(
    'a costly field beside one with a wrong argument',
    '{ upload(id: "x") { id } vendors(first: 100) { nodes { families(first: 100) { nodes { items(first: 100) { nodes { id } } } } } } }',
    COST,
  ),
  bad(
    'pages of pages of pages',
    '{ vendors(first: 100) { nodes { families(first: 100) { nodes { items(first: 100) { nodes { id } } } } } } }',
    COST,
  ),
  bad(
    'a costly field many times',
    `{ ${times(60, (at) => `a${at}: items(first: 100) { nodes { picture { src } image { url } } }`)} }`,
    COST,
  ),
  bad(
    'introspection in a loop',
    `{ __schema { types { fields { ${nest(7, 'type { fields { ', 'name', ' } }')} } } } }`,
    DEPTH,
  ),
  bad(
    'the whole schema many times',
    `{ ${times(5, (at) => `s${at}: __schema { types { name fields { name } } }`)} }`,
    COST,
  ),
  bad('a type many times', `{ ${times(130, (at) => `t${at}: __type(name: "Item") { name }`)} }`, COST),
  bad(
    'a chain of ofType',
    `{ __type(name: "Item") { fields { ${nest(30, 'type { ofType ', '{ name }', ' }')} } } }`,
    /deep|Syntax/,
  ),
  invalid('unknown fields', `{ ${times(300, (at) => `nothing${at}`)} }`, /Cannot query field "nothing0"/),
  invalid('fields in conflict', `{ ${times(190, (at) => `vendor(username: "v${at}") { id }`)} }`, /conflict/),
  invalid(
    'nested fields in conflict',
    `{ ${times(60, (at) => `vendors { nodes { families(first: ${at}) { totalCount } } }`)} }`,
    /conflict/,
  ),
  invalid('@defer', '{ ... @defer { __typename } }', /Unknown directive "@defer"/),
  invalid(
    'a subscription to two fields',
    'subscription { a: backfillProgress(id: "x") { id } b: backfillProgress(id: "x") { id } }',
    /only one/,
  ),
  bad('operations without a name for the one to run', 'query A { __typename } query B { __typename }', /operation/),
  raw(
    'a hash of another document',
    JSON.stringify({
      query: '{ __typename }',
      extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } },
    }),
    /does not match the query/,
  ),
]

const TRANSPORT: readonly Abuse[] = [
  raw('a batch', `[${times(100, () => '{"query":"{ __typename }"}', ',')}]`, /Batching is not supported/),
  raw('an empty batch', '[]', /Batching is not supported/),
  raw('a body that is no JSON', '{', /JSON/),
  {
    ...raw(
      'a compressed body',
      Buffer.from('H4sIAAAAAAAAA6tWKixNLaoEAPz5Tg0JAAAA', 'base64'),
      /compressed with "gzip"/,
    ),
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    headers: { 'content-encoding': 'gzip' },
  },
  {
    kind: 'a body of 10 MB',
    status: 413,
    code: 'BAD_INPUT',
    says: /has 10000\d+ bytes; at most 100000/,
    body: `{"query":"${' '.repeat(10_000_000)}"}`,
  },
  otherType('a form', 'application/x-www-form-urlencoded', 'query=%7B__typename%7D'),
  otherType('a multipart form', 'multipart/form-data; boundary=x', MULTIPART),
  otherType('plain text', 'text/plain', '{"query":"{ __typename }"}'),
  otherType('a document as such', 'application/graphql', '{ __typename }'),
  get('a query by link', 'query=%7B__typename%7D', { says: /A query over GET needs the header/ }),
  get('a mutation by link', 'query=mutation%7BstartBackfill%7Bid%7D%7D', { says: /A query over GET needs the header/ }),
  get('a mutation over GET', 'query=mutation%7BstartBackfill%7Bid%7D%7D', {
    status: 405,
    says: /./,
    headers: { 'content-type': 'application/json' },
  }),
  get('variables that are no JSON', 'query=%7B__typename%7D&variables=%7B', {
    says: /JSON/,
    headers: { 'content-type': 'application/json' },
  }),
  get('an address of 20 kB', `query=${'x'.repeat(20_000)}`, { status: 431, says: /headers are longer than 16 kB/ }),
  get('a method of its own', '', { status: 405, method: 'DELETE', says: /./ }),
]

/** Each is one kind; documents come with a token of all scopes, so that nothing else refuses them. */
export const ABUSES: readonly Abuse[] = [...FLOODS, ...FRAGMENTS, ...VALUES, ...SCHEMA, ...TRANSPORT]

/** Like fetch, but with bodies and headers of any kind. */
export function sendAbuse(
  url: string,
  { path = '/graphql', method = 'POST', headers = {}, body }: Abuse,
  token: string,
) {
  const type = { 'content-type': 'application/json' }
  const length = body === undefined ? {} : { ...type, 'content-length': Buffer.byteLength(body) }
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        method,
        headers: {
          accept: 'application/json',
          ...length,
          ...(body ? { authorization: `Bearer ${token}` } : {}),
          ...headers,
        },
      },
      (response) => {
        text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject)
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}
