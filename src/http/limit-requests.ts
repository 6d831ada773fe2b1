import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App } from '../app.ts'
import type { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { rateLimited, rateLimitHeaders, type Spending } from '../limits/rate-limit.ts'

/** Refused clients are logged at most this often: a flood of requests must not become a flood of lines. */
const LOG_EVERY_MS = 60_000

/**
 * Counts a client's requests. Sets the RateLimit headers of the response, and Retry-After for a refusal, which it returns for the caller
 * to send; null if the request may go on. @param options.spent gets what the request has used of its quota
 */
export function createRequestLimit({ limits, config }: Pick<App, 'limits' | 'config'>) {
  let loggedAt = Number.NEGATIVE_INFINITY

  return function limitRequest(
    request: IncomingMessage,
    response: ServerResponse,
    { client, spent = [] }: { client: string; spent?: Spending[] },
  ): AppError | null {
    const { policy, take } = limits.requests
    const state = take(client)
    spent.push([policy, state])
    for (const [name, value] of Object.entries(rateLimitHeaders(spent))) response.setHeader(name, value)
    if (state.retryAfterS === 0) return null
    response.setHeader('retry-after', state.retryAfterS)
    // The rest of the body is not read.
    if (!request.complete) response.setHeader('connection', 'close')
    if (performance.now() - loggedAt > LOG_EVERY_MS) {
      loggedAt = performance.now()
      const isForwarded = config.trustedProxies.length === 0 && 'x-forwarded-for' in request.headers
      const hint = isForwarded ? { hint: 'requests come through a proxy: set TRUSTED_PROXIES' } : {}
      log.warn('a client is rate-limited; others are not logged for a minute', { client, ...hint })
    }
    return rateLimited(policy, state)
  }
}
