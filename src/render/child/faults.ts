import { AppError } from '../../core/errors.ts'

/** Converts any thrown value to the failure of the document being drawn. Unknown errors are bugs: their stack only goes to the log. */
export function toRenderError(error: unknown, onFault: (stack: string) => void): AppError {
  if (error instanceof AppError) return error
  onFault(String((error as Error | null)?.stack ?? error))
  return new AppError('INTERNAL_RENDER', 'The document triggered a bug in the renderer; the log has its stack.')
}
