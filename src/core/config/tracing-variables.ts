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
