import { AppError } from './errors.ts'
import { causes, type LogFields, log } from './log.ts'

/** One line with the causes, unless whoever found them has logged them: an outage is a line, not one for each try. */
export function logFailure(
  message: string,
  error: unknown,
  { severity = 'warn', ...fields }: LogFields & { severity?: 'warn' | 'error' } = {},
): void {
  if (error instanceof AppError && error.isLogged) return
  log[severity](message, { ...fields, cause: causes(error) })
}
