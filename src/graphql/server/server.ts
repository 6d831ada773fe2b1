import { type ASTNode, type DocumentNode, GraphQLError, type GraphQLSchema, parse, visit } from 'graphql'
import { type Plugin, YogaServer } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../../access/caller.ts'
import type { App } from '../../app.ts'
import { AppError } from '../../core/errors.ts'
import { FORBIDDEN_CHARACTERS, isStorable, isStorableJson } from '../../core/text.ts'
import type { Context } from '../builder.ts'
import { createLoaders } from '../loaders.ts'
import { schema } from '../schema.ts'
import { checkDocument, checkVariables, DOCUMENT_LIMITS } from './document-limits.ts'
import { executeQuery } from './execute.ts'
import { createHttpCache } from './http-cache.ts'
import { limitOperations, limitValidation, type RequestContext } from './limit-operations.ts'
import { nameOffers } from './name-offers.ts'
import { persistedQueries } from './persisted.ts'
import { toPublicError } from './public-error.ts'
import { limitResponse } from './response-limit.ts'

/** Where clients reach the service, without a trailing slash. */
export interface Addresses {
  readonly url: string
  /** Prefix of image URLs. */
  readonly imageUrl: string
}

type ServerContext = RequestContext & { readonly caller: Caller }

export interface GraphQLServer {
  /** With the names of the presets and layouts in its descriptions. */
  readonly schema: GraphQLSchema
  /** Responds to a GET, or a POST of JSON. */
  readonly handle: (request: Request, context: ServerContext) => Promise<Response>
}

/**
 * The GraphQL endpoint at `/graphql`.
 * @param closing ends subscriptions when it aborts
 */
export function createGraphQL(app: App, base: Addresses, { closing }: { closing?: AbortSignal } = {}): GraphQLServer {
  const open = new AbortController().signal
  const { introspection, isProduction } = app.config
  const suggestions = introspection && !isProduction
  const cache = createHttpCache(app.config)
  const yoga = new YogaServer<ServerContext, Omit<Context, 'request' | 'caller' | 'client'>>({
    schema: nameOffers(schema, app.config),
    landingPage: false,
    // http/graphql.ts handles it.
    cors: false,
    parserAndValidationCache: { documentCache: boundedCache<DocumentNode>(), errorCache: boundedCache<Error>() },
    // http/graphiql.ts serves it.
    graphiql: false,
    batching: false,
    multipart: false,
    // Content-Length has been checked already: counting the body takes a tenth of the time of a small response.
    maxRequestBodySize: false,
    logging: false,
    context: ({ req }) => ({
      app,
      // Set by the HTTP server.
      requestId: String(req.headers['x-request-id'] ?? ''),
      loaders: createLoaders(app),
      imageUrl: base.imageUrl,
      publicUrl: base.url,
      closing: closing ?? open,
    }),
    plugins: [
      persistedQueries(),
      checkRequest,
      limitDocument,
      limitValidation({ introspection, suggestions }),
      limitOperations,
      checkValues,
      executeWithPlans,
      limitResponse,
      cache.plugin,
    ],
    maskedErrors: { maskError: (error) => toPublicError(error, { suggestions }) },
  })
  return {
    schema: yoga.getEnveloped().schema,
    // Without Yoga's own HTTP server, whose requests and responses are streams: see http/yoga-adapter.ts.
    async handle(request, context) {
      const response = await yoga.handle(request, { ...context, waitUntil: () => {} })
      return response.status === 406 ? notAcceptable() : await cache.finish(response, { request, res: context.res })
    },
  }
}

/** Documents are parsed and validated once; the cached result takes about twenty times the bytes of the text. */
const CACHED_CHARACTERS_MAX = 2_000_000
const boundedCache = <Value extends object>() =>
  new LRUCache<string, Value>({
    maxSize: CACHED_CHARACTERS_MAX,
    sizeCalculation: (_, text) => text.length + 1,
  })

const limitDocument: Plugin = {
  onParse: ({ setParseFn }) => {
    setParseFn((source, options) => {
      const document = parse(source, { ...options, maxTokens: DOCUMENT_LIMITS.tokens })
      checkDocument(document)
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
}

function notAcceptable(): Response {
  const message = 'Accept names none of the available types: application/graphql-response+json or application/json.'
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_INPUT' } }] })
  return new Response(body, { status: 406, headers: { 'content-type': 'application/json; charset=utf-8' } })
}

/** The only such check: resolvers get arguments that can be stored and searched for. */
const checkValues: Plugin = {
  onParams: ({ params }) => {
    checkVariables(params.variables)
    for (const [name, value] of Object.entries(params.variables ?? {}))
      if (!isStorableJson([name, value])) refuseText(`The variable ${JSON.stringify(name.slice(0, 100))}`)
  },
}

function refuseText(what: string, node?: ASTNode): never {
  throw new GraphQLError(`${what} contains ${FORBIDDEN_CHARACTERS}: remove it.`, node ? { nodes: node } : {})
}
