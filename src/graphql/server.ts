import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { type ASTNode, GraphQLError, parse, visit } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { scopesOf } from '../access/tokens.ts'
import type { App } from '../app.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { FORBIDDEN_CHARACTERS, isStorable, isStorableJson } from '../core/text.ts'
import type { Context } from './builder.ts'
import { createLoaders } from './loaders.ts'
import { limitResponse } from './response-limit.ts'
import { schema } from './schema.ts'

/** Tokens of a document: the sample query has 60, GraphiQL's introspection 350. */
const TOKENS_MAX = 2000

/** The GraphQL endpoint at `/graphql`, with GraphiQL for browsers. @param imageUrl prefix of image URLs */
export function createGraphQL(app: App, imageUrl: () => string) {
  return createYoga<object, Omit<Context, 'request'>>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    // Served from a package, so that it works without internet access.
    renderGraphiQL,
    graphiql: { title: 'Afterimage', defaultQuery: SAMPLE_QUERY },
    batching: false,
    multipart: false,
    // Content-Length is checked before: counting the body costs a tenth of a small answer.
    maxRequestBodySize: false,
    logging: false,
    context: ({ request }) => ({
      app,
      scopes: scopesOf(request.headers.get('authorization'), app.adminToken),
      loaders: createLoaders(app),
      imageUrl: imageUrl(),
    }),
    plugins: [limitTokens, checkVariables, limitResponse],
    maskedErrors: { maskError: (error) => toPublicError(error) },
  })
}

const limitTokens: Plugin = {
  onParse: ({ setParseFn }) => {
    setParseFn((source, options) => {
      const document = parse(source, { ...options, maxTokens: TOKENS_MAX })
      visit(document, { StringValue: (node) => isStorable(node.value) || refuseText('A text of the query', node) })
      return document
    })
  },
}

/** The only such check: resolvers get arguments that can be stored and searched for. */
const checkVariables: Plugin = {
  onParams: ({ params }) => {
    for (const [name, value] of Object.entries(params.variables ?? {}))
      if (!isStorableJson([name, value])) refuseText(`The variable ${JSON.stringify(name.slice(0, 100))}`)
  },
}

function refuseText(what: string, node?: ASTNode): never {
  throw new GraphQLError(`${what} contains ${FORBIDDEN_CHARACTERS}: remove it.`, node ? { nodes: node } : {})
}

/** A domain error keeps its message and code; other client errors are BAD_INPUT; anything else is a bug and is logged. */
function toPublicError(error: unknown): GraphQLError {
  const asGraphQL = error instanceof GraphQLError ? error : null
  const thrown = asGraphQL ? asGraphQL.originalError : (error as Error | undefined)
  const isClients = asGraphQL && (!thrown || thrown.name === 'PothosValidationError' || thrown instanceof GraphQLError)
  const known = isClients ? new AppError('BAD_INPUT', asGraphQL.message) : toAppError(thrown ?? error)
  if (known.status >= 500)
    logFailure('a query failed', known, { severity: 'error', path: asGraphQL?.path?.join('.'), code: known.code })
  const { nodes, source, positions, path, extensions } = asGraphQL ?? {}
  // Without a path nothing was executed: set an HTTP status, also for clients that expect 200 for all GraphQL responses.
  const http = extensions?.http as object | undefined
  return new GraphQLError(publicSentence(known), {
    nodes,
    source,
    positions,
    path,
    extensions: { ...(isClients && !path ? { http: { status: 400, ...http, spec: false } } : {}), code: known.code },
  })
}

const SAMPLE_QUERY = `# Every URL below works already:
# what was never made is made when it is first opened.
query Items {
  items(first: 12) {
    nodes {
      name
      kind
      family { name vendor { name } }
      thumbnail: image(preset: "thumbnail") { url status }
      preview: image { url width height bytes }
      watermark: image(preset: "watermark") {
        url
        error { code message }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
  presets { name width height formats }
  backfills(first: 3) {
    nodes { id status totalItems doneItems etaSeconds }
  }
}

# Mutations need a header, set below:
# { "Authorization": "Bearer YOUR_ADMIN_TOKEN" }
#
# mutation Start { startBackfill { id status } }
#
# subscription Watch {
#   backfillProgress(id: "…") { status totalItems doneItems }
# }
`
