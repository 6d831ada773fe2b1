import { AppError, type ErrorCode } from '../core/errors.ts'
import type { Located } from './locate.ts'

/** Throws the reason why there is no picture, permanently or for a while. */
export function refuseFailed({ failure, isLeftToWorker }: Located): void {
  if (failure) throw new AppError(failure.code as ErrorCode, failure.message)
  if (isLeftToWorker) throw tooSlow()
}

export const tooSlow = (cause?: unknown) =>
  new AppError(
    'SLOW',
    'This picture takes longer to render than a request may; a worker renders it next. Try again in a few seconds.',
    {
      cause,
    },
  )
