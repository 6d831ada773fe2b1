import { fraction, oneOf, onOrOff, type Read, url } from './values.ts'

/** The environment variables for traces: a part of variables.ts. */
export const TRACING_VARIABLES = [
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    default: 'none',
    meaning:
      'Traces are sent to this collector, by OTLP over HTTP as JSON: `http://collector:4318` means `http://collector:4318/v1/traces`. Without it nothing is traced.',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    default: '`OTEL_EXPORTER_OTLP_ENDPOINT`',
    meaning: 'The same, with the whole path: `http://collector:4318/v1/traces`.',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    default: 'none',
    meaning: 'Headers of the requests to the collector, such as its token: `name=value`, comma-separated.',
  },
  {
    name: 'OTEL_SERVICE_NAME',
    default: '`afterimage-api` and `afterimage-worker`',
    meaning: 'Name of the processes in traces.',
  },
  {
    name: 'OTEL_TRACES_SAMPLER',
    default: 'parentbased_always_on',
    meaning:
      'Which requests are traced: `always_on`, `always_off` or `traceidratio`; `parentbased_…` in front of one: as the `traceparent` of the request says, if it has one.',
  },
  {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    default: '1',
    meaning: 'The share of requests that `traceidratio` traces, from 0 to 1.',
  },
  {
    name: 'OTEL_SDK_DISABLED',
    default: 'off',
    meaning: '`true`: nothing is traced, whatever the other variables say.',
  },
] as const

/** Of OTEL_TRACES_SAMPLER: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** Which requests are traced. The address of the collector and its headers are read by OpenTelemetry's own exporter. */
export interface TracingConfig {
  readonly sampler: (typeof SAMPLERS)[number]
  /** From 0 to 1. */
  readonly ratio: number
}

/** From the environment; null without a collector. */
export function readTracing(read: Read<typeof TRACING_VARIABLES>): TracingConfig | null {
  const collector = url(['http:', 'https:'], 'http://collector:4318')
  const endpoint = read<string | null>('OTEL_EXPORTER_OTLP_ENDPOINT', null, collector)
  const ofTraces = read<string | null>('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', null, collector)
  const isDisabled = read<boolean>('OTEL_SDK_DISABLED', false, onOrOff)
  const sampler = read<TracingConfig['sampler']>('OTEL_TRACES_SAMPLER', 'parentbased_always_on', oneOf(SAMPLERS))
  const ratio = read<number>('OTEL_TRACES_SAMPLER_ARG', 1, fraction)
  return (endpoint ?? ofTraces) === null || isDisabled ? null : { sampler, ratio }
}
