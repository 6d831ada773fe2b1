import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { type ASTNode, type DocumentNode, GraphQLError, parse, visit } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import type { App } from '../app.ts'
import { AppError } from '../core/errors.ts'
import { FORBIDDEN_CHARACTERS, isStorable, isStorableJson } from '../core/text.ts'
import type { Context } from './builder.ts'
import { executeQuery } from './execute.ts'
import { cacheableAnswers } from './http-cache.ts'
import { identify } from './identify.ts'
import { createLoaders } from './loaders.ts'
import { nameOffers } from './name-offers.ts'
import { persistedQueries } from './persisted.ts'
import { toPublicError } from './public-error.ts'
import { limitResponse } from './response-limit.ts'
import { schema } from './schema.ts'

/** Tokens of a document: the sample query has 60, GraphiQL's introspection 350. */
const TOKENS_MAX = 2000

/** The GraphQL endpoint at `/graphql`, with GraphiQL for browsers. @param imageUrl prefix of image URLs */
export function createGraphQL(app: App, imageUrl: () => string) {
  return createYoga<object, Omit<Context, 'request'>>({
    schema: nameOffers(schema, app.config),
    graphqlEndpoint: '/graphql',
    landingPage: false,
    // http/graphql.ts handles it.
    cors: false,
    parserAndValidationCache: { documentCache: boundedCache<DocumentNode>(), errorCache: boundedCache<Error>() },
    // Served from a package, so that it works without internet access.
    renderGraphiQL,
    graphiql: { title: 'Afterimage', defaultQuery: SAMPLE_QUERY },
    batching: false,
    multipart: false,
    // Content-Length has been checked already: counting the body takes a tenth of the time of a small response.
    maxRequestBodySize: false,
    logging: false,
    context: async ({ request }) => {
      // Set by the HTTP server.
      const requestId = request.headers.get('x-request-id') ?? ''
      const caller = await identify(app, { request, requestId })
      return { app, caller, requestId, loaders: createLoaders(app), imageUrl: imageUrl() }
    },
    plugins: [
      persistedQueries(),
      checkRequest,
      limitTokens,
      checkVariables,
      executeWithPlans,
      limitResponse,
      cacheableAnswers(app.config),
    ],
    maskedErrors: { maskError: (error) => toPublicError(error) },
  })
}

/** Documents are parsed and validated once; the cached result takes about twenty times the bytes of the text. */
const CACHED_CHARACTERS_MAX = 2_000_000
const boundedCache = <Value extends object>() =>
  new LRUCache<string, Value>({
    maxSize: CACHED_CHARACTERS_MAX,
    sizeCalculation: (_, text) => text.length + 1,
  })

const limitTokens: Plugin = {
  onParse: ({ setParseFn }) => {
    setParseFn((source, options) => {
      const document = parse(source, { ...options, maxTokens: TOKENS_MAX })
      visit(document, { StringValue: (node) => isStorable(node.value) || refuseText('A text of the query', node) })
      return document
    })
  },
}

const executeWithPlans: Plugin = {
  onExecute: ({ executeFn, setExecuteFn }) => setExecuteFn((args) => executeQuery(args) ?? executeFn(args)),
}

/** Requests that cannot be executed get a status of their own, even for clients that expect 200 for all GraphQL responses. */
const checkRequest: Plugin = {
  onRequestParse({ requestParser, setRequestParser }) {
    if (!requestParser) return
    setRequestParser(async (request) => {
      try {
        return await requestParser(request)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        throw new AppError(
          'BAD_INPUT',
          `A parameter is not valid JSON (${error.message}): encode variables and extensions.`,
        )
      }
    })
  },
  onResponse({ response, setResponse, fetchAPI }) {
    if (response.status !== 406) return
    const message = 'Accept names none of the available types: application/graphql-response+json or application/json.'
    const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_INPUT' } }] })
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    setResponse(new fetchAPI.Response(body, { status: 406, headers }))
  },
  onValidate:
    () =>
    ({ valid, result }) => {
      if (!valid) for (const { extensions } of result) Object.assign(extensions, { http: { status: 400, spec: false } })
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
}

# What operators see and do needs a header, set below:
# { "Authorization": "Bearer YOUR_ADMIN_TOKEN" }
#
# query Backfills { backfills(first: 3) { nodes { id status totalItems doneItems etaSeconds } } }
#
# mutation Start { startBackfill { id status } }
#
# subscription Watch {
#   backfillProgress(id: "…") { status totalItems doneItems }
# }
`
