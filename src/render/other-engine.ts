import { AppError, type ErrorCode } from '../core/errors.ts'
import type { Composed, ComposeOrder } from './messages.ts'

/**
 * Errors that may be the engine's fault rather than the document's: the other engine aborts, uses too much memory and hangs on other
 * documents.
 */
const ENGINES_FAULT: ReadonlySet<ErrorCode> = new Set(['CRASHED', 'OUT_OF_MEMORY', 'TIMEOUT'])

/**
 * Tries a render and, if it fails in a way that may be its engine's fault, tries once more with the other engine. Rejects with the first
 * error if the second one is the source's fault too.
 */
export async function withOtherEngine<T>(attempt: (otherEngine: boolean) => Promise<T>): Promise<T> {
  try {
    return await attempt(false)
  } catch (first) {
    if (!(first instanceof AppError) || !ENGINES_FAULT.has(first.code) || wasKilled(first) || wasBeingRead(first))
      throw first
    return await attempt(true).catch((second: unknown) => {
      throw second instanceof AppError && second.status !== 422 ? second : first
    })
  }
}

/** Whether the render failed before reaching an engine. */
const wasBeingRead = ({ cause }: AppError): boolean =>
  (cause as { isBeingRead?: boolean } | undefined)?.isBeingRead === true

/** Killed from outside: no engine's fault, and the other engine would draw a different picture. */
const wasKilled = ({ cause }: AppError): boolean => (cause as { signal?: string } | undefined)?.signal === 'SIGKILL'

/** The same for a composite, cell by cell: each is tried once with the other engine. */
export async function composeWithOtherEngine(
  order: ComposeOrder,
  attempt: (order: ComposeOrder) => Promise<Composed>,
): Promise<Composed> {
  const composed = await attempt(order)
  if (!('failures' in composed)) return composed
  const faulty = composed.failures.filter(({ code }) => ENGINES_FAULT.has(code)).map(({ cell }) => cell)
  const isNew = (cell: number) => faulty.includes(cell) && !order.cells[cell]?.otherEngine
  if (!faulty.some(isNew)) return composed
  const cells = order.cells.map((cell, index) => (isNew(index) ? { ...cell, otherEngine: true } : cell))
  return await composeWithOtherEngine({ ...order, cells }, attempt)
}
