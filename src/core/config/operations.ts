import path from 'node:path'
import { DEFAULT_LOG, LOG_FORMATS, LOG_LEVELS, type LogOptions } from '../log.ts'
import { readTracing, type TracingConfig } from './tracing.ts'
import { integer, oneOf, onOrOff, type Problem, pattern } from './values.ts'

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

type OperationsVariable =
  | 'LOG_FORMAT'
  | 'LOG_LEVEL'
  | 'DRAIN_SECONDS'
  | 'METRICS_HOST'
  | 'METRICS_PORT'
  | 'ACCESS_LOG'
  | 'HEARTBEAT_FILE'
  | Parameters<Parameters<typeof readTracing>[0]>[0]

export const hostName = pattern(/^[\w.:-]+$/, 'a host name or address')

/** From the environment. */
export function readOperations(
  read: <T>(name: OperationsVariable, fallback: T, parse: (text: string) => T | Problem) => T,
): OperationsConfig {
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
