import { AppError } from '../core/errors.ts'

/** More than any cursor of ours has. */
const CURSOR_MAX = 200
/** Of Postgres's integer. */
const ID_MAX = 2 ** 31 - 1
const CURSOR = /^\["([\w.]+)",([1-9]\d{0,9})\]$/

/**
 * Where a row stands in a connection: the key that its rows are sorted by, which is their id. It names its connection, so
 * that one of another list is told apart, and ends with a bracket, so that one which was cut off is.
 * @param connection its type and field, such as `Family.items`
 */
export const printCursor = (connection: string, id: number): string =>
  Buffer.from(`["${connection}",${id}]`).toString('base64url')

/** The id in it; whether that row is still there does not matter. Throws BAD_INPUT for what this connection did not give. */
export function parseCursor(connection: string, cursor: string): number {
  const [, of, digits] = CURSOR.exec(Buffer.from(cursor.slice(0, CURSOR_MAX), 'base64url').toString('latin1')) ?? []
  const id = Number(digits)
  // Printed again, since base64 is read in more ways than it is written.
  if (of === connection && id <= ID_MAX && printCursor(connection, id) === cursor) return id
  const what = of && of !== connection ? `It is of ${of}` : 'It is none, or not whole'
  throw new AppError(
    'BAD_INPUT',
    `${JSON.stringify(cursor.slice(0, 100))} is no cursor of ${connection}. ${what}: give an endCursor or startCursor of this connection, or begin without one.`,
  )
}
