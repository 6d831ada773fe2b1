import type { IncomingMessage, ServerResponse } from 'node:http'
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
const CLIENT_CLOSED = '499'

/** The route of a path, one of a few: the console for all others. */
export function routeOf(path: string): string {
  const end = path.indexOf('/', 1)
  const first = end < 0 ? path.slice(1) : path.slice(1, end)
  return Object.hasOwn(ROUTES, first) ? (ROUTES[first] as string) : 'console'
}

/** Counts a request and measures its time when its response has ended. Takes about 3 µs. */
export function observeRequest(request: IncomingMessage, response: ServerResponse): void {
  const from = performance.now()
  const route = routeOf(pathOf(request))
  response.once('close', () => {
    const status = response.writableFinished ? String(response.statusCode) : CLIENT_CLOSED
    const method = METHODS.has(request.method ?? '') ? (request.method as string) : 'other'
    // Subscriptions last for as long as their client wants.
    const isSubscription = route === 'graphql' && isEventStream(response)
    httpRequests.inc({ route: isSubscription ? 'subscriptions' : route, method, status })
    if (!isSubscription) httpSeconds.observe({ route }, (performance.now() - from) / 1000)
  })
}

const isEventStream = (response: ServerResponse) =>
  String(response.getHeader('content-type')).startsWith('text/event-stream')
