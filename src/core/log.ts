import { destination, pino, stdTimeFunctions } from 'pino'
import { currentRequest } from './request-context.ts'
import { toStorable } from './text.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export const LOG_FORMATS = ['json', 'pretty'] as const

export interface LogOptions {
  /** `json` for a log collector, `pretty` for a person. */
  readonly format: (typeof LOG_FORMATS)[number]
  /** The lowest level that is logged. */
  readonly level: (typeof LOG_LEVELS)[number]
}

/** Used before the configuration is read, and its defaults. */
export const DEFAULT_LOG: LogOptions = { format: process.stderr.isTTY ? 'pretty' : 'json', level: 'info' }

type Reserved = 'level' | 'time' | 'pid' | 'hostname' | 'msg' | 'requestId'
/** The fields of an event, as flat values. The names of fields that every line has are reserved. */
export type LogFields = { readonly [name: string]: string | number | boolean | null | undefined } & {
  readonly [name in Reserved]?: never
}

/** Synchronous: process.stderr would buffer what a full pipe does not accept, and lose it when the process exits. */
const stderr = destination({ dest: 2, sync: true })
let logger = createLogger(DEFAULT_LOG)

/** Applies LOG_FORMAT and LOG_LEVEL to the whole process. */
export function configureLog(options: LogOptions): void {
  logger = createLogger(options)
}

/** Writes one line to stderr for each event. Passwords and signatures in URLs are redacted. */
export const log = {
  debug: (message: string, fields?: LogFields) => logger.debug(redact(fields), message),
  info: (message: string, fields?: LogFields) => logger.info(redact(fields), message),
  warn: (message: string, fields?: LogFields) => logger.warn(redact(fields), message),
  error: (message: string, fields?: LogFields) => logger.error(redact(fields), message),
}

function createLogger({ format, level }: LogOptions) {
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin() {
        const requestId = currentRequest()?.requestId
        return requestId === undefined ? {} : { requestId }
      },
    },
    format === 'pretty' ? { write: (line) => stderr.write(printPretty(line)) } : stderr,
  )
}

/** `TIME level message key=value …`; values with spaces are quoted. */
function printPretty(line: string): string {
  const { time, level, msg, pid: _pid, hostname: _hostname, ...fields } = JSON.parse(line) as Record<string, unknown>
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${key}=${/[\s"=]/.test(String(value)) ? JSON.stringify(value) : value}`,
  )
  return `${[time, level, msg, ...pairs].join(' ')}\n`
}

function redact(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? withoutSecrets(value) : value]),
  )
}

const withoutSecrets = (text: string): string =>
  text
    .replace(/(?<=:\/\/)[^/\s@]+(?=@)/g, '…')
    .replace(/(?<=[?&](?:signature|X-Amz-Signature|X-Amz-Security-Token)=)[^&\s"]+/gi, '…')

/** An error and its causes in one line, for a log field. */
export function causes(error: unknown): string {
  const sentences: string[] = []
  for (let at = error; at !== undefined && at !== null && sentences.length < 5; ) {
    const { message, code, cause } = at instanceof Error ? (at as Error & { code?: string }) : { message: String(at) }
    sentences.push(message || String(code ?? at))
    at = cause
  }
  return toStorable(sentences.join(' <- '))
}
