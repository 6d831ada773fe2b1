import { fraction, oneOf, onOrOff, type Problem, url } from './values.ts'

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

type TracingVariable =
  | 'OTEL_EXPORTER_OTLP_ENDPOINT'
  | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  | 'OTEL_SDK_DISABLED'
  | 'OTEL_TRACES_SAMPLER'
  | 'OTEL_TRACES_SAMPLER_ARG'

/** From the environment; null without a collector. */
export function readTracing(
  read: <T>(name: TracingVariable, fallback: T, parse: (text: string) => T | Problem) => T,
): TracingConfig | null {
  const collector = url(['http:', 'https:'], 'http://collector:4318')
  const endpoint = read<string | null>('OTEL_EXPORTER_OTLP_ENDPOINT', null, collector)
  const ofTraces = read<string | null>('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', null, collector)
  const isDisabled = read<boolean>('OTEL_SDK_DISABLED', false, onOrOff)
  const sampler = read<TracingConfig['sampler']>('OTEL_TRACES_SAMPLER', 'parentbased_always_on', oneOf(SAMPLERS))
  const ratio = read<number>('OTEL_TRACES_SAMPLER_ARG', 1, fraction)
  return (endpoint ?? ofTraces) === null || isDisabled ? null : { sampler, ratio }
}
