import type { IncomingMessage, ServerResponse } from 'node:http'
import { log } from '../core/log.ts'
import { inRequest } from '../core/request-context.ts'
import { httpRequests, httpSeconds } from '../telemetry/metrics.ts'
import { pathOf } from './sender.ts'

/** Routes by the first part of the path; what is below them is not part of the label. */
const ROUTES: Readonly<Record<string, string>> = {
  images: 'images',
  i: 'stable',
  f: 'stable',
  originals: 'originals',
  uploads: 'uploads',
  graphql: 'graphql',
  'schema.graphql': 'schema',
  'possible-types.json': 'schema',
  'failures.jsonl': 'failures',
  'audit.jsonl': 'audit',
  events: 'events',
  healthz: 'healthz',
  readyz: 'readyz',
  metrics: 'metrics',
  session: 'session',
}
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])
/** As nginx logs them. */
const CLIENT_CLOSED = 499

/** The route of a path, one of a few: the console for all others. */
export function routeOf(path: string): string {
  const end = path.indexOf('/', 1)
  const first = end < 0 ? path.slice(1) : path.slice(1, end)
  return Object.hasOwn(ROUTES, first) ? (ROUTES[first] as string) : 'console'
}

/** Of a response that has ended. */
export const statusOf = (response: ServerResponse): number =>
  response.writableFinished ? response.statusCode : CLIENT_CLOSED

/** One of a few. */
export const methodOf = ({ method = '' }: IncomingMessage): string => (METHODS.has(method) ? method : 'other')

/** Requests for stored pictures and health checks come by the thousand: one in so many is logged. */
const SAMPLED: Readonly<Record<string, number>> = { images: 100, healthz: 1000, readyz: 1000, metrics: 1000 }
/** In an overload, hundreds of requests for pictures are refused in a second. */
const SAMPLED_REFUSALS = 20
const PATH_MAX = 500

/**
 * Counts a request, measures its time and logs one line when its response has ended: it also has what the code has described in the
 * context. Failed ones are logged in any case, stored and refused pictures as a sample. Takes about 1 µs, and a line 10.
 */
export function createObserver({ accessLog }: { readonly accessLog: boolean }) {
  const passed = new Map<string, number>()

  /** Whether it is time for a line of a route; the factor tells how many requests it stands for. */
  function sample(route: string, status: number): number {
    const isRefusal = route === 'images' && status === 503
    const every = isRefusal ? SAMPLED_REFUSALS : status < 400 ? (SAMPLED[route] ?? 1) : 1
    if (every === 1) return 1
    const kind = isRefusal ? 'refusals' : route
    const count = passed.get(kind) ?? 0
    passed.set(kind, (count + 1) % every)
    // The first is logged, so that none goes unseen.
    return count === 0 ? every : 0
  }

  return function observeRequest(
    request: IncomingMessage,
    response: ServerResponse,
    context: { readonly requestId: string; readonly described: Record<string, string | number> },
  ): void {
    const { described } = context
    const from = performance.now()
    const route = routeOf(pathOf(request))
    response.once('close', () => {
      const status = statusOf(response)
      const method = methodOf(request)
      const ms = performance.now() - from
      // Subscriptions last for as long as their client wants.
      const isSubscription = route === 'graphql' && isEventStream(response)
      httpRequests.inc({ route: isSubscription ? 'subscriptions' : route, method, status: String(status) })
      if (!isSubscription) httpSeconds.observe({ route }, ms / 1000)
      const isDescribed = Object.keys(described).length > 0
      if (!accessLog && !isDescribed) return
      const standsFor = isDescribed ? 1 : sample(route, status)
      if (standsFor === 0) return
      // Parameters may be secrets: signatures, variables of a query.
      const path = pathOf(request).slice(0, PATH_MAX)
      const sampled = standsFor > 1 ? { sampled: standsFor } : {}
      const fields = { method, path, status, ms: Math.round(ms * 10) / 10, ...sampled, ...described }
      inRequest(context, () => log[isDescribed ? 'warn' : 'info']('request', fields))
    })
  }
}

const isEventStream = (response: ServerResponse) =>
  String(response.getHeader('content-type')).startsWith('text/event-stream')
