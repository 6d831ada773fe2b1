import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import type { GraphQLResolveInfo } from 'graphql'
import type PrismaTypes from '../../prisma/generated/pothos.ts'
import { getDatamodel } from '../../prisma/generated/pothos.ts'
import type { TokenScope } from '../access/caller.ts'
import { AppError } from '../core/errors.ts'
import { type GlobalId, isRowId, parseGlobalId } from '../core/global-id.ts'
import { log } from '../core/log.ts'
import AuditedPlugin from './audited.ts'
import type { Context } from './context.ts'
import LoadedColumnsPlugin from './loaded-columns.ts'
import { refuseField } from './refuse-field.ts'
import ScopeDocsPlugin from './scope-docs.ts'

export type { Context } from './context.ts'

/** Number of rows on a page of a connection. */
export const PAGE_DEFAULT = 24
export const PAGE_MAX = 100

type ScopeRule = TokenScope | readonly TokenScope[]

/** What anybody may read, unless PUBLIC_READS is off. */
export const CATALOGUE_READ = { token: 'catalogue:read' } as const

interface Types {
  PrismaTypes: PrismaTypes
  Context: Context
  AuthScopes: {
    /** A caller with this scope, or with one of these. */
    token: ScopeRule
    /** Likewise, but not one who is bound to a vendor: it shows the whole installation. */
    operator: ScopeRule
  }
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string | number | bigint }
    DateTime: { Input: Date; Output: Date }
    URL: { Input: string; Output: string }
    HexColor: { Input: string; Output: string }
  }
}
export type SchemaTypes = PothosSchemaTypes.ExtendDefaultTypes<Types>

export const builder = new SchemaBuilder<Types>({
  // The first plugin wraps the others: a refused mutation is audited too, and a client that may not read a field does not load its column either.
  plugins: [
    AuditedPlugin,
    ScopeDocsPlugin,
    ScopeAuthPlugin,
    ComplexityPlugin,
    LoadedColumnsPlugin,
    PrismaPlugin,
    RelayPlugin,
  ],
  defaultFieldNullability: false,
  relay: {
    cursorType: 'String',
    clientMutationId: 'omit',
    nodesOnConnection: { description: 'The nodes of the page without cursors: a shorthand for `edges { node }`.' },
    idFieldOptions: { description: 'The node id, unique across all types: for `node`, client caches and arguments.' },
    nodeTypeOptions: { description: 'An object that `node` can fetch by its id.' },
    pageInfoTypeOptions: { description: 'The position of a page in its list.' },
    hasNextPageFieldOptions: { description: 'Whether there are more results after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are results before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first edge, for `before`; null on an empty page.' },
    endCursorFieldOptions: { description: 'Cursor of the last edge, for `after`; null on an empty page.' },
    firstArgOptions: {
      description: `How many to return, from the start or after \`after\`: 0 to ${PAGE_MAX}; ${PAGE_DEFAULT} by default.`,
    },
    lastArgOptions: { description: `How many to return, from the end or before \`before\`: 0 to ${PAGE_MAX}.` },
    afterArgOptions: { description: 'An `endCursor` of this field: the page starts after it.' },
    beforeArgOptions: { description: 'A `startCursor` of this field: the page ends before it. Use it with `last`.' },
    edgesFieldOptions: { description: 'The nodes of the page, each with its cursor.' },
    pageInfoFieldOptions: { description: 'Whether there are more pages, and the cursors to fetch them with.' },
    nodeFieldOptions: { description: 'The object itself.' },
    cursorFieldOptions: { description: 'Its position in this list, for `after` and `before`.' },
    defaultConnectionTypeOptions: { description: 'A page of a list, as the Relay specification defines it.' },
    defaultEdgeTypeOptions: { description: 'One object of a page, with its cursor.' },
    // Defined in node.ts: null for a malformed id, and one statement for all ids of a type.
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    decodeGlobalID: (text) => {
      const id = parseGlobalId(text)
      if (id) return id
      throw new AppError('BAD_INPUT', `${JSON.stringify(text.slice(0, 100))} is not an id: use the "id" of an object.`)
    },
  },
  prisma: {
    client: ({ app }) => app.prisma,
    dmmf: getDatamodel(),
    // A query that Pothos cannot merge would cost one statement per row.
    onUnusedQuery: reportUnused,
  },
  // Only what fields cost: limit-operations.ts limits it, before anything is executed.
  complexity: {
    defaultComplexity: 1,
    defaultListMultiplier: 1,
  },
  scopeAuth: {
    // Without it, a subscription would be opened for anybody, and refused at each of its events.
    authorizeOnSubscribe: true,
    authScopes: ({ caller }) => {
      const has = (rule: ScopeRule) => [rule].flat().some((scope) => caller.scopes.has(scope))
      return { token: has, operator: (rule: ScopeRule) => caller.vendor === null && has(rule) }
    },
    unauthorizedError: (_parent, context, info, { failure }) => refuseField(context, info, failure),
  },
})

builder.scalarType('DateTime', {
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  description: 'A date and time in ISO 8601, UTC.',
  serialize: (date) => date.toISOString(),
  parseValue: (value) => {
    const date = new Date(String(value))
    if (Number.isNaN(date.getTime())) throw new AppError('BAD_INPUT', `${JSON.stringify(value)} is not a date.`)
    return date
  },
})
builder.scalarType('URL', {
  specifiedByURL: 'https://url.spec.whatwg.org/',
  description: 'An absolute URL.',
  serialize: (url) => url,
  parseValue: String,
})
builder.queryType({ description: 'Queries. They need no token unless their description begins with a scope.' })
builder.mutationType({ description: 'Mutations. Each needs a token with the scope that its description begins with.' })
builder.subscriptionType({
  description: 'Subscriptions, delivered as server-sent events (GraphQL over SSE, distinct connections mode).',
})

/** The primary key in a node id. Throws BAD_INPUT if it cannot be one. */
export function numberOf({ typename, id }: GlobalId): number {
  if (isRowId(Number(id))) return Number(id)
  throw new AppError('BAD_INPUT', `${JSON.stringify(id)} is not the number of a ${typename}.`)
}

const unused = new Set<string>()
/** Once for each field: a document can ask for one 200 times. */
function reportUnused({ parentType, fieldName }: GraphQLResolveInfo): void {
  const field = `${parentType.name}.${fieldName}`
  if (unused.has(field)) return
  unused.add(field)
  log.warn('a resolver did not use its query', { field })
}
