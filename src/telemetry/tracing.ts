import type { TracingConfig } from '../core/config/tracing.ts'

/** Few values each, and nothing secret: a trace is kept by another service. */
export type Attributes = Readonly<Record<string, string | number>>

/** What a request, a job or a stage does in a trace. */
export interface Span {
  /** Spans that are started within are its children. */
  readonly run: <T>(work: () => T) => T
  readonly describe: (attributes: Attributes) => void
  /** @param failure the code of an error */
  readonly end: (failure?: string) => void
}

/** Where a request or job comes from: its header or payload. */
export interface Origin {
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
}

/** What opentelemetry.ts provides. */
export interface Tracing {
  readonly startRequest: (name: string, origin: Origin, attributes: Attributes) => Span
  readonly startJob: (name: string, origin: Origin, attributes: Attributes) => Span
  /** A child of the span in which it is called; null outside of requests and jobs, and for what a long job does after its first items. */
  readonly startChild: (name: string) => Span | null
  readonly describe: (attributes: Attributes) => void
  readonly traceparent: () => string | undefined
  readonly close: () => Promise<void>
}

/** Null: nothing is traced, and tracing costs a comparison. */
let tracing: Tracing | null = null

/** Traces this process from now on; the returned function sends what is left. Loads OpenTelemetry only if there is a collector. */
export async function openTracing(config: TracingConfig | null, role: 'api' | 'worker'): Promise<() => Promise<void>> {
  if (!config) return async () => {}
  const { openTelemetry } = await import('./opentelemetry.ts')
  const opened = openTelemetry(config, role)
  tracing = opened
  return async () => {
    tracing = null
    await opened.close()
  }
}

export const isTracing = (): boolean => tracing !== null

/** Of a request; null if nothing is traced. */
export const startRequestSpan = (name: string, origin: Origin, attributes: Attributes): Span | null =>
  tracing?.startRequest(name, origin, attributes) ?? null

/** Runs a job in a span, in the trace of the request that has queued it. */
export function inJobSpan<T>(name: string, origin: Origin, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracing ? runIn(tracing.startJob(name, origin, attributes), work) : work()
}

/** Runs a part of a request or job in a span. */
export function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  const span = tracing?.startChild(name)
  return span ? runIn(span, work) : work()
}

/** Adds to the span in which it is called. */
export const describeSpan = (attributes: Attributes): void => tracing?.describe(attributes)

/** What jobs carry: all of a backfill's name the request that has started it, so that its chunks are next to each other in the trace. */
export const currentTraceparent = (): string | undefined => tracing?.traceparent()

async function runIn<T>(span: Span, work: () => Promise<T>): Promise<T> {
  let failure: string | undefined
  try {
    return await span.run(work)
  } catch (error) {
    failure = failureOf(error)
    throw error
  } finally {
    span.end(failure)
  }
}

/** Not the message, which may quote anything. */
function failureOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return String(code ?? name ?? 'error')
}
