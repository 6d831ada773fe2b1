import type { IncomingMessage, ServerResponse } from 'node:http'

/** A day, so that browsers need not send a preflight before every query. Chromium caps it at two hours, Firefox at a day. */
const MAX_AGE_S = 86_400

/**
 * Sets the headers that let pages of other origins read the response, and answers preflights.
 * @param origins the allowed origins, also with credentials; null: all origins, without credentials
 * @returns whether the request was a preflight, and has been answered
 */
export function allowOrigins(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[] | null,
): boolean {
  const { origin } = request.headers
  response.setHeader('access-control-expose-headers', 'RateLimit, RateLimit-Policy, Retry-After')
  if (!origins) response.setHeader('access-control-allow-origin', '*')
  else {
    response.appendHeader('vary', 'Origin')
    if (origin && origins.includes(origin)) {
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-allow-credentials', 'true')
    }
  }
  if (request.method !== 'OPTIONS') return false
  const headers = request.headers['access-control-request-headers']
  response.appendHeader('vary', 'Access-Control-Request-Headers')
  response
    .writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      // A `*` would not cover Authorization.
      ...(headers ? { 'access-control-allow-headers': headers } : {}),
      'access-control-max-age': String(MAX_AGE_S),
      'content-length': 0,
    })
    .end()
  return true
}
