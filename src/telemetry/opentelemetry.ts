import { hostname } from 'node:os'
import {
  type Context,
  createContextKey,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { TracingConfig } from '../core/config/tracing.ts'
import { causes, log } from '../core/log.ts'
import type { Attributes, Origin, Span, Tracing } from './tracing.ts'

/** A chunk of a backfill has up to 5000 items, with five spans each: its first ones show where its time goes. */
const SPANS_PER_JOB = 100
/** A process that stops does not wait longer for a collector. */
const CLOSE_MS = 5000
/** A collector that is away is one line, not one for each batch. */
const WARN_EVERY_MS = 60_000

/** A job in whose context spans are started. */
interface Job {
  /** Of the request that has queued it, or its own if none has. */
  readonly traceparent: string | undefined
  spansLeft: number
}
const JOB = createContextKey('job')

/**
 * Sends spans to the collector of OTEL_EXPORTER_OTLP_ENDPOINT, in batches every 5 s. What it cannot keep up with is dropped. Nothing is registered
 * globally, so that no other library traces.
 */
export function openTelemetry(config: TracingConfig, role: 'api' | 'worker'): Tracing {
  const own = { 'service.name': `afterimage-${role}`, 'host.name': hostname(), 'process.pid': process.pid }
  // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
  const resource = resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }))
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })
  const provider = new TracerProvider({ resource, sampler: samplerOf(config), spanProcessors: [processor] })
  const tracer = provider.getTracer('afterimage')
  const contexts = new AsyncLocalStorageContextManager().enable()
  const propagator = new W3CTraceContextPropagator()
  logFailures()

  function traceparentOf(context: Context): string | undefined {
    const carrier: { traceparent?: string } = {}
    propagator.inject(context, carrier, defaultTextMapSetter)
    return carrier.traceparent
  }

  const start = (name: string, parent: Context, options: { kind: SpanKind; attributes?: Attributes }) => {
    const span = tracer.startSpan(name, options, parent)
    return { span, context: trace.setSpan(parent, span) }
  }

  function spanIn({ span, context }: ReturnType<typeof start>): Span {
    return {
      run: (work) => contexts.with(context, work),
      describe: (attributes) => void span.setAttributes(attributes),
      end(failure) {
        if (failure !== undefined)
          span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR, message: failure })
        span.end()
      },
    }
  }

  const fromOrigin = (origin: Origin) => propagator.extract(ROOT_CONTEXT, origin, defaultTextMapGetter)

  return {
    startRequest: (name, origin, attributes) =>
      spanIn(start(name, fromOrigin(origin), { kind: SpanKind.SERVER, attributes })),

    startJob(name, origin, attributes) {
      const parent = fromOrigin(origin)
      const { span, context } = start(name, parent, { kind: SpanKind.CONSUMER, attributes })
      const job: Job = { traceparent: traceparentOf(parent) ?? traceparentOf(context), spansLeft: SPANS_PER_JOB }
      return spanIn({ span, context: context.setValue(JOB, job) })
    },

    startChild(name) {
      const parent = contexts.active()
      if (!trace.getSpan(parent)) return null
      const job = jobOf(parent)
      if (job && job.spansLeft-- <= 0) return null
      return spanIn(start(name, parent, { kind: SpanKind.INTERNAL }))
    },

    describe: (attributes) => void trace.getSpan(contexts.active())?.setAttributes(attributes),

    traceparent() {
      const context = contexts.active()
      return jobOf(context)?.traceparent ?? traceparentOf(context)
    },

    async close() {
      const limit = Promise.withResolvers<void>()
      const timer = setTimeout(limit.resolve, CLOSE_MS)
      await Promise.race([provider.shutdown().catch(() => {}), limit.promise])
      clearTimeout(timer)
    },
  }
}

const jobOf = (context: Context) => context.getValue(JOB) as Job | undefined

function samplerOf({ sampler, ratio }: TracingConfig): Sampler {
  const [, isParentBased, name] = /^(parentbased_)?(.*)$/.exec(sampler) ?? []
  const root =
    name === 'always_off'
      ? new AlwaysOffSampler()
      : name === 'traceidratio'
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler()
  return isParentBased ? new ParentBasedSampler({ root }) : root
}

function logFailures(): void {
  let loggedAt = Number.NEGATIVE_INFINITY
  setGlobalErrorHandler((error) => {
    if (performance.now() - loggedAt < WARN_EVERY_MS) return
    loggedAt = performance.now()
    log.warn('traces cannot be sent to the collector', { cause: causes(error) })
  })
}
