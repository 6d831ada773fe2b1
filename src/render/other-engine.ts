import { AppError, type ErrorCode } from '../core/errors.ts'
import type { Composed, ComposeOrder } from './messages.ts'

/** What may be an engine's fault rather than the document's: the other one aborts, swells and hangs on other documents. */
const ENGINES_FAULT: ReadonlySet<ErrorCode> = new Set(['CRASHED', 'OUT_OF_MEMORY', 'TIMEOUT'])

/**
 * Tries a render, and where it ends in what may be its engine's fault once more in the other engine. Rejects with the first
 * failure where the second is one of the source too.
 */
export async function withOtherEngine<T>(attempt: (otherEngine: boolean) => Promise<T>): Promise<T> {
  try {
    return await attempt(false)
  } catch (first) {
    if (!(first instanceof AppError) || !ENGINES_FAULT.has(first.code) || wasKilled(first)) throw first
    return await attempt(true).catch((second: unknown) => {
      throw second instanceof AppError && second.status !== 422 ? second : first
    })
  }
}

/** By something outside: no fault of any engine, and the other one's picture would be another one. */
const wasKilled = ({ cause }: AppError): boolean => (cause as { signal?: string } | undefined)?.signal === 'SIGKILL'

/** The same for a composite, cell by cell: each is tried once in the other engine. */
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
