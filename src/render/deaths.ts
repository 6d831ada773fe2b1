import { AppError } from '../core/errors.ts'

/** Why a renderer died that nobody told to. @param stderr what it said */
export function deathOf(stderr: string, signal: NodeJS.Signals | null): AppError {
  const cause = { cause: { signal, stderr } }
  // What Rust's, C++'s and V8's allocators say when the kernel refuses.
  if (/memory allocation of|out of memory|bad_alloc|cannot allocate/i.test(stderr)) {
    return new AppError('OUT_OF_MEMORY', 'The render asked for more memory than it may have.', cause)
  }
  return new AppError('CRASHED', `The renderer died of the document (${signal ?? 'exit'}).`, cause)
}

export const notStarting = (reason: string) => new AppError('UNAVAILABLE', `Renderers do not start: ${reason}`)

export const shuttingDown = () => new AppError('BUSY', 'The service is shutting down; try again.')

export const queueIsFull = (renderers: number, places: number) =>
  new AppError('BUSY', `All ${renderers} renderers and ${places} waiting places are taken; try again in a second.`)

export const givenUp = () => new AppError('BUSY', 'Whoever asked has gone away.')

export const turnedOutSlow = () =>
  new AppError(
    'SLOW',
    'This picture takes longer than a request may; a worker makes it next. Try again in some seconds.',
  )
