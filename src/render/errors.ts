import { AppError, isSourceFailure } from '../core/errors.ts'
import { leftOut } from './left-out.ts'
import type { Task } from './tasks.ts'

/** The error for a renderer that exited unexpectedly. @param stderr its output */
export function errorOfExit(stderr: string, signal: NodeJS.Signals | null): AppError {
  const cause = { cause: { signal, stderr } }
  // Messages of Rust's, C++'s and V8's allocators when memory is refused.
  if (/memory allocation of|out of memory|bad_alloc|cannot allocate/i.test(stderr)) {
    return new AppError('OUT_OF_MEMORY', 'The render needs more memory than is allowed.', cause)
  }
  return new AppError('CRASHED', `The renderer crashed on the document (${signal ?? 'exit'}).`, cause)
}

export const notStarting = (reason: string) => new AppError('UNAVAILABLE', `Renderers cannot start: ${reason}`)

export const shuttingDown = () => new AppError('BUSY', 'The service is shutting down; try again.')

export const queueIsFull = (renderers: number, places: number) =>
  new AppError('BUSY', `All ${renderers} renderers and ${places} queue places are taken; try again in a second.`)

export const requestAborted = () => new AppError('BUSY', 'The request was aborted.')

export const tooSlow = () =>
  new AppError(
    'SLOW',
    'This picture takes longer to render than a request may; a worker renders it next. Try again in a few seconds.',
  )

/** The error for a render that timed out. If it timed out before reaching an engine, another engine would not help. */
export const timedOut = ({ options, warnings, message }: Task): AppError =>
  new AppError('TIMEOUT', `The render took more than ${options.cpuLimitMs} ms of CPU.`, {
    cause: { isBeingRead: message.kind === 'render' && warnings === null },
  })

/** A source's error, together with what had been left out of the source before. */
export function withWarnings(error: AppError, warnings: readonly string[]): AppError {
  if (warnings.length === 0 || error.warnings.length > 0 || !isSourceFailure(error)) return error
  const { code, message, isLogged, cause } = error
  return new AppError(code, message + leftOut(warnings), { isLogged, cause, warnings })
}

export const tooLarge = (bytes: number): AppError =>
  new AppError('OUT_OF_MEMORY', `The render took more than ${bytes / 1e6} MB.`)
