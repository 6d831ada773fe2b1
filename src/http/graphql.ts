import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants } from 'node:zlib'
import compression from 'compression'
import { lexicographicSortSchema, printSchema } from 'graphql'
import type { App } from '../app.ts'
import { possibleTypesOf } from '../graphql/possible-types.ts'
import { createGraphQL } from '../graphql/server.ts'
import { allowOrigins } from './cors.ts'

const BODY_MAX_BYTES = 100_000
/** Below this size, compression costs more than it saves. */
const COMPRESSED_FROM_BYTES = 1024
/** For responses generated per request: level 4 takes half the time of zlib's default 6, for 3 % more bytes. */
const LEVEL = 4

type Route = (request: IncomingMessage, response: ServerResponse) => unknown

/** The endpoints for front ends: `/graphql`, and the files that their tools read. @param imageUrl prefix of image URLs */
export function createGraphQLRoutes(app: App, imageUrl: () => string): Readonly<Record<string, Route>> {
  const yoga = createGraphQL(app, imageUrl)
  const { schema } = yoga.getEnveloped()
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
      // Called as Express calls it; it uses only what Node's request and response have.
      compress(request as never, response as never, () => {})
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

  return {
    '/graphql': open((request, response) => isAccepted(request, response) && yoga(request, response)),
    '/schema.graphql': text('text/plain', sdl),
    '/possible-types.json': text('application/json', possibleTypes),
  }
}

/**
 * Whether the body is JSON of an allowed length; if not, responds with an error. Node's parser enforces Content-Length, so checking the
 * header is enough. Other types are refused because a form on any page can send them without a preflight.
 */
function isAccepted(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'POST') return true
  const { 'content-length': length, 'content-type': given = '' } = request.headers
  if (length === undefined || Number(length) > BODY_MAX_BYTES) {
    // The rest of the body is not read.
    response.setHeader('connection', 'close')
    return length === undefined
      ? refuse(response, 411, { code: 'BAD_INPUT', message: 'A body needs Content-Length.' })
      : refuse(response, 413, {
          code: 'BAD_INPUT',
          message: `The body has ${length} bytes; at most ${BODY_MAX_BYTES} are allowed.`,
        })
  }
  const [type = ''] = given.split(';', 1)
  if (type.trim().toLowerCase() === 'application/json') {
    // Yoga recognises it in lower case only.
    request.headers['content-type'] = 'application/json'
    return true
  }
  request.resume()
  response.setHeader('accept', 'application/json')
  const sentence = type ? `The body is ${JSON.stringify(type.slice(0, 100))}` : 'The body has no Content-Type'
  return refuse(response, 415, { code: 'UNSUPPORTED_MEDIA_TYPE', message: `${sentence}: send application/json.` })
}

function refuse(response: ServerResponse, status: number, error: { code: string; message: string }): false {
  const { code, message } = error
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }))
  return false
}
