import type { IncomingMessage, ServerResponse } from 'node:http'
import { isTracing, startRequestSpan } from '../telemetry/tracing.ts'
import { methodOf, routeOf, statusOf } from './observe-requests.ts'
import { pathOf } from './sender.ts'

/** They come every few seconds, and take no part in anything. */
const NOT_TRACED = new Set(['healthz', 'readyz', 'metrics'])

/**
 * Handles a request in a span, which ends with its response: in the trace that its header `traceparent` names, or a new one. The span has no path,
 * whose parameters may be secret: the log has it, by the id of the request.
 */
export function traceRequest<T>(
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, handle }: { requestId: string; handle: () => T },
): T {
  if (!isTracing()) return handle()
  const route = routeOf(pathOf(request))
  if (NOT_TRACED.has(route)) return handle()
  const method = methodOf(request)
  const { traceparent, tracestate } = request.headers
  const span = startRequestSpan(
    `${method} ${route}`,
    { traceparent: String(traceparent ?? ''), tracestate: String(tracestate ?? '') },
    { 'http.request.method': method, 'http.route': route, 'afterimage.request_id': requestId },
  )
  if (!span) return handle()
  response.once('close', () => {
    const status = statusOf(response)
    span.describe({ 'http.response.status_code': status })
    span.end(status >= 500 ? String(status) : undefined)
  })
  return span.run(handle)
}
