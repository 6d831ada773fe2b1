import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants } from 'node:zlib'
import compression from 'compression'
import { lexicographicSortSchema, printSchema } from 'graphql'
import type { App } from '../app.ts'
import { publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { possibleTypesOf } from '../graphql/server/possible-types.ts'
import { type Addresses, createGraphQL } from '../graphql/server/server.ts'
import { clientOf } from '../limits/limits.ts'
import { networkOf } from '../limits/network.ts'
import type { Spending } from '../limits/rate-limit.ts'
import { createClientAddress } from './client-address.ts'
import { allowOrigins } from './cors.ts'
import { createGraphiQL, isForGraphiQL } from './graphiql.ts'
import { createRequestLimit } from './limit-requests.ts'
import { readBody, sendResponse, toFetchRequest } from './yoga-adapter.ts'

const BODY_MAX_BYTES = 100_000
/**
 * A longer body is refused at once, but received and dropped up to this size: who still sends when the connection is closed may get a
 * reset instead of the response.
 */
const DROPPED_MAX_BYTES = 16_000_000
/** Below this size, compression costs more than it saves. */
const COMPRESSED_FROM_BYTES = 1024
/** For responses generated per request: level 4 takes half the time of zlib's default 6, for 3 % more bytes. */
const LEVEL = 4

type Route = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * The endpoints for front ends: `/graphql`, and the files that their tools read.
 * @param base where clients reach it, once it listens
 * @param options.closing ends subscriptions when it aborts
 */
export function createGraphQLRoutes(
  app: App,
  base: Addresses,
  options: { closing: AbortSignal },
): Readonly<Record<string, Route>> {
  const { schema, handle } = createGraphQL(app, base, options)
  const sdl = `${printSchema(lexicographicSortSchema(schema))}\n`
  const possibleTypes = `${JSON.stringify(possibleTypesOf(schema), null, 2)}\n`
  const compress = compression({
    threshold: COMPRESSED_FROM_BYTES,
    level: LEVEL,
    brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: LEVEL } },
    // Events must arrive one by one.
    filter: (request, response) =>
      !String(response.getHeader('content-type')).startsWith('text/event-stream') &&
      compression.filter(request, response),
  })

  const open =
    (route: Route): Route =>
    (request, response) => {
      if (allowOrigins(request, response, app.config.corsOrigins)) return
      // Called as Express calls it; it uses only what Node's request and response have. It takes a twentieth of a page's CPU time.
      if ('accept-encoding' in request.headers) compress(request as never, response as never, () => {})
      else response.appendHeader('vary', 'Accept-Encoding')
      return route(request, response)
    }

  const text = (type: string, body: string): Route =>
    open((_request, response) =>
      response
        .writeHead(200, {
          'content-type': `${type}; charset=utf-8`,
          'cache-control': `public, max-age=${app.config.graphqlMaxAgeS}`,
          'x-content-type-options': 'nosniff',
        })
        .end(body),
    )

  const graphiql = app.config.isProduction ? null : createGraphiQL()
  const addressOf = createClientAddress(app.config)
  const limitRequest = createRequestLimit(app)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { authorization, 'x-request-id': requestId } = request.headers
      const caller = await app.access.identify({ authorization, path: '/graphql', requestId: String(requestId) })
      const client = clientOf(caller, addressOf(request))
      const spent: Spending[] = []
      const refusal = limitRequest(request, response, { client, spent })
      if (refusal) return void refuse(response, refusal.status, refusal)
      if (!isAccepted(request, response)) return
      const body = request.method === 'POST' ? await readBody(request) : null
      const context = { req: request, res: response, caller, client, spent }
      const asked = toFetchRequest(request, { body, response })
      await sendResponse(await handle(asked, context), { request: asked, response })
    } catch (error) {
      // The client has disconnected, or was told that its body took too long.
      if (request.destroyed || response.writableEnded) return void response.destroy()
      const known = toAppError(error)
      if (known.status >= 500) logFailure('a GraphQL request failed', known, { severity: 'error', code: known.code })
      // Guesses at tokens count for their address.
      const refusal = limitRequest(request, response, { client: networkOf(addressOf(request)) })
      if (response.headersSent) response.destroy()
      else if (refusal) refuse(response, refusal.status, refusal)
      else refuse(response, known.status, { code: known.code, message: publicSentence(known) })
    }
  }

  const answerOpenly = open(answer)
  const routes: Record<string, Route> = {
    '/graphql': (request, response) =>
      graphiql && isForGraphiQL(request) ? graphiql(request, response) : answerOpenly(request, response),
  }
  if (!app.config.introspection) return routes
  return {
    ...routes,
    '/schema.graphql': text('text/plain', sdl),
    '/possible-types.json': text('application/json', possibleTypes),
  }
}

/**
 * Whether the body is JSON of an allowed length; if not, responds with an error. Node's parser enforces Content-Length, so checking the
 * header is enough. Other types are refused because a form on any page can send them without a preflight.
 */
function isAccepted(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'POST') return isPreflighted(request) || refuseSimple(response)
  const { 'content-length': length, 'content-type': given = '' } = request.headers
  if (length === undefined || Number(length) > BODY_MAX_BYTES) {
    if (!(Number(length) <= DROPPED_MAX_BYTES)) response.setHeader('connection', 'close')
    return length === undefined
      ? refuse(response, 411, { code: 'BAD_INPUT', message: 'A body needs Content-Length.' })
      : refuse(response, 413, {
          code: 'BAD_INPUT',
          message: `The body has ${length} bytes; at most ${BODY_MAX_BYTES} are allowed.`,
        })
  }
  const coding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (coding !== 'identity') {
    request.resume()
    response.setHeader('accept-encoding', 'identity')
    const message = `The body is compressed with ${JSON.stringify(coding.slice(0, 100))}: send it as it is.`
    return refuse(response, 415, { code: 'UNSUPPORTED_MEDIA_TYPE', message })
  }
  const type = typeOf(given)
  if (type === 'application/json') {
    // Yoga recognises it in lower case only.
    request.headers['content-type'] = 'application/json'
    return true
  }
  request.resume()
  response.setHeader('accept', 'application/json')
  const sentence = type ? `The body is ${JSON.stringify(type.slice(0, 100))}` : 'The body has no Content-Type'
  return refuse(response, 415, { code: 'UNSUPPORTED_MEDIA_TYPE', message: `${sentence}: send application/json.` })
}

/** Headers that a page of another origin can send only after a preflight, as clients set them for this purpose. */
const PREFLIGHTED_HEADERS = ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight', 'x-requested-with']

/**
 * Whether a page of another origin could not send a GET request without being allowed to, or the request names a document that this
 * process has already received: a link or a picture of any page can make a browser send the others.
 * https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 */
function isPreflighted({ headers, url = '' }: IncomingMessage): boolean {
  if (PREFLIGHTED_HEADERS.some((name) => name in headers)) return true
  if (typeOf(headers['content-type']) === 'application/json') return true
  return !new URLSearchParams(url.split('?')[1]).has('query')
}

const refuseSimple = (response: ServerResponse): false =>
  refuse(response, 400, {
    code: 'BAD_INPUT',
    message:
      'A query over GET needs the header Content-Type: application/json, so that browsers ask first for pages of other origins; or send only the hash of a persisted query, or use POST.',
  })

const typeOf = (contentType = ''): string => (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()

function refuse(response: ServerResponse, status: number, error: { code: string; message: string }): false {
  const { code, message } = error
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }))
  return false
}
