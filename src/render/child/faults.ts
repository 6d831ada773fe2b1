import { AppError } from '../../core/errors.ts'

/**
 * Any thrown value as the failure of the document that was being drawn. What is no failure that we know is a bug of ours: its
 * stack is for the log alone.
 */
export function toRenderError(error: unknown, onFault: (stack: string) => void): AppError {
  if (error instanceof AppError) return error
  onFault(String((error as Error | null)?.stack ?? error))
  return new AppError('INTERNAL_RENDER', 'The renderer met a bug of its own on this document; the log has its stack.')
}
