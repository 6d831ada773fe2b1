import path from 'node:path'
import { DEFAULT_LOG, LOG_FORMATS, LOG_LEVELS, type LogOptions } from '../log.ts'
import { readTracing, type TRACING_VARIABLES, type TracingConfig } from './tracing.ts'
import { integer, oneOf, onOrOff, pattern, type Read } from './values.ts'

/** The environment variables for logs, metrics and whoever replaces processes: a part of variables.ts. */
export const OPERATIONS_VARIABLES = [
  {
    name: 'LOG_FORMAT',
    default: '`pretty` on a terminal, else `json`',
    meaning: 'Format of the log on stderr, one line per event: `json` for a log collector, `pretty` for a person.',
  },
  {
    name: 'LOG_LEVEL',
    default: 'info',
    meaning: 'The lowest level that is logged: `debug`, `info`, `warn` or `error`.',
  },
  {
    name: 'DRAIN_SECONDS',
    default: '15',
    meaning:
      'How long an API that received SIGTERM still serves, with 503 at `/readyz`, so that load balancers stop sending requests before it closes: the interval of their checks times the number that must fail, and some seconds. 0: it closes at once, as with Ctrl-C and under `npm start`.',
  },
  {
    name: 'METRICS_PORT',
    default: 'off',
    meaning:
      'Port on which an API or a worker serves `/metrics` without a token, for Prometheus; 0 picks a free one. Under `npm start` the worker uses the next port. The port of the API serves them in any case, to a token.',
  },
  {
    name: 'METRICS_HOST',
    default: '127.0.0.1',
    meaning: 'Address of that port: one that only Prometheus can reach.',
  },
  {
    name: 'ACCESS_LOG',
    default: 'on',
    meaning:
      '`off`: no line in the log for each request; those whose picture cannot be rendered are logged in any case. Of stored pictures, one request in 100 is logged.',
  },
  {
    name: 'HEARTBEAT_FILE',
    default: 'none',
    meaning:
      'File that an API or a worker writes every 10 s while it runs: a container whose file is older than a minute hangs. An API first requests `/healthz` of its own port.',
  },
] as const

/** How a process is watched and replaced. */
export interface OperationsConfig {
  readonly log: LogOptions
  /** Between SIGTERM and closing the port. */
  readonly drainSeconds: number
  /** Where `/metrics` is served without a token; null: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | null
  /** One line for each request. */
  readonly accessLog: boolean
  /** Null: nothing is traced. */
  readonly tracing: TracingConfig | null
  /** Absolute; null: none is written. */
  readonly heartbeatFile: string | null
}

export const hostName = pattern(/^[\w.:-]+$/, 'a host name or address')

/** From the environment. */
export function readOperations(read: Read<typeof OPERATIONS_VARIABLES | typeof TRACING_VARIABLES>): OperationsConfig {
  const host = read<string>('METRICS_HOST', '127.0.0.1', hostName)
  const port = read<number | null>('METRICS_PORT', null, integer(0, 65535))
  return {
    log: {
      format: read<LogOptions['format']>('LOG_FORMAT', DEFAULT_LOG.format, oneOf(LOG_FORMATS)),
      level: read<LogOptions['level']>('LOG_LEVEL', DEFAULT_LOG.level, oneOf(LOG_LEVELS)),
    },
    drainSeconds: read('DRAIN_SECONDS', 15, integer(0, 600)),
    metrics: port === null ? null : { host, port },
    accessLog: read('ACCESS_LOG', true, onOrOff),
    tracing: readTracing(read),
    heartbeatFile: read<string | null>('HEARTBEAT_FILE', null, (text) => path.resolve(text)),
  }
}
