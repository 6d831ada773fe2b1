import { AppError } from '../core/errors.ts'

/** Longer than any valid cursor. */
const CURSOR_MAX = 200
/** The maximum of Postgres's integer. */
const ID_MAX = 2 ** 31 - 1
const CURSOR = /^\["([\w.]+)",([1-9]\d{0,9})\]$/

/**
 * A row's position in a connection: its sort key, which is its id. A cursor names its connection, so that one of another list is
 * detected, and ends with a bracket, so that a truncated one is.
 * @param connection its type and field, such as `Family.items`
 */
export const printCursor = (connection: string, id: number): string =>
  Buffer.from(`["${connection}",${id}]`).toString('base64url')

/** The id in the cursor; its row need not exist. Throws BAD_INPUT for a cursor that this connection did not issue. */
export function parseCursor(connection: string, cursor: string): number {
  const [, of, digits] = CURSOR.exec(Buffer.from(cursor.slice(0, CURSOR_MAX), 'base64url').toString('latin1')) ?? []
  const id = Number(digits)
  // Printed and compared because base64 decoding accepts several spellings.
  if (of === connection && id <= ID_MAX && printCursor(connection, id) === cursor) return id
  const what = of && of !== connection ? `It is of ${of}` : 'It is none, or not whole'
  throw new AppError(
    'BAD_INPUT',
    `${JSON.stringify(cursor.slice(0, 100))} is not a cursor of ${connection}. ${what}: use an endCursor or startCursor of this connection, or start without a cursor.`,
  )
}
