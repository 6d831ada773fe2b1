import { toStorable } from './text.ts'

export type LogFields = Record<string, string | number | boolean | null | undefined>

/** One line per event on stderr: time, level, message, then key=value. Values with spaces are quoted. */
function write(level: string, message: string, fields: LogFields = {}): void {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${/[\s"=]/.test(String(value)) ? JSON.stringify(value) : value}`)
  process.stderr.write(`${[new Date().toISOString(), level, message, ...pairs].join(' ')}\n`)
}

export const log = {
  info: (message: string, fields?: LogFields) => write('info', message, fields),
  warn: (message: string, fields?: LogFields) => write('warn', message, fields),
  error: (message: string, fields?: LogFields) => write('error', message, fields),
}

/** An error and its causes in one line, for a log field: the sentence at 3 a.m. must hold the reason. */
export function causes(error: unknown): string {
  const sentences: string[] = []
  for (let at = error; at !== undefined && at !== null && sentences.length < 5; ) {
    const { message, code, cause } = at instanceof Error ? (at as Error & { code?: string }) : { message: String(at) }
    sentences.push(message || String(code ?? at))
    at = cause
  }
  return toStorable(sentences.join(' <- '))
}
