import type { IncomingMessage, ServerResponse } from 'node:http'

/** A day: browsers ask once, not before every query. Chromium keeps it for two hours, Firefox for a day. */
const MAX_AGE_S = 86_400

/**
 * The headers by which pages of other origins may read the answer, and the answer to a preflight.
 * @param origins those that may, with credentials as well; null: every one, without credentials
 * @returns whether the request was a preflight, which is answered
 */
export function allowOrigins(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[] | null,
): boolean {
  const { origin } = request.headers
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
      // A star would not cover Authorization.
      ...(headers ? { 'access-control-allow-headers': headers } : {}),
      'access-control-max-age': String(MAX_AGE_S),
      'content-length': 0,
    })
    .end()
  return true
}
