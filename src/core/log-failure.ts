import { AppError } from './errors.ts'
import { causes, type LogFields, log } from './log.ts'

/** Logs one line with the causes, unless already logged at the source: an outage is one line, not one for each attempt. */
export function logFailure(
  message: string,
  error: unknown,
  { severity = 'warn', ...fields }: LogFields & { severity?: 'warn' | 'error' } = {},
): void {
  if (error instanceof AppError && error.isLogged) return
  log[severity](message, { ...fields, cause: causes(error) })
}
