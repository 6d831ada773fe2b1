import { listen } from './setup.ts'

/** A span as it was exported: the names of its descendants tell the tree. */
export interface ExportedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first of a trace. */
  readonly parentSpanId: string
  readonly name: string
  readonly startedAt: bigint
  readonly attributes: Readonly<Record<string, string | number>>
}

interface Value {
  readonly stringValue?: string
  readonly intValue?: string | number
}
type KeyValue = { readonly key: string; readonly value: Value }
interface Export {
  readonly resourceSpans: {
    readonly resource: { readonly attributes: KeyValue[] }
    readonly scopeSpans: {
      readonly spans: (Omit<ExportedSpan, 'service' | 'attributes' | 'startedAt'> & {
        readonly startTimeUnixNano: string
        readonly attributes: KeyValue[]
      })[]
    }[]
  }[]
}

const valuesOf = (pairs: readonly KeyValue[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))

/** A receiver of OTLP over HTTP as JSON, such as a collector is. */
export async function openCollector() {
  const bodies: string[] = []
  const headers: unknown[] = []
  const url = await listen(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url === '/v1/traces') {
      bodies.push(body)
      headers.push(request.headers)
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })

  const spans = (): ExportedSpan[] =>
    bodies.flatMap((body) =>
      (JSON.parse(body) as Export).resourceSpans.flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap((scope) =>
          scope.spans.map(({ traceId, spanId, parentSpanId = '', name, startTimeUnixNano, attributes }) => ({
            ...{ service: String(valuesOf(resource.attributes)['service.name']), traceId, spanId, parentSpanId, name },
            ...{ startedAt: BigInt(startTimeUnixNano), attributes: valuesOf(attributes) },
          })),
        ),
      ),
    )
  return { url, bodies, headers, spans }
}

/** One line for each span of a trace, below its parent and in the order of their start. */
export function printTrace(spans: readonly ExportedSpan[], parentSpanId: string, indent = ''): string[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    .flatMap((span) => [`${indent}${span.name}`, ...printTrace(spans, span.spanId, `${indent}  `)])
}
