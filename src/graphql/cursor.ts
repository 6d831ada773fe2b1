import { AppError } from '../core/errors.ts'
import { isStorable } from '../core/text.ts'

/** Longer than any valid cursor. */
const CURSOR_MAX = 1000
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

type Key = string | number

/**
 * The same for rows sorted by more than their id; the name of the order says by what.
 * @param order the connection and how it is sorted, such as `Query.items:NAME`
 * @param keys the row's sort keys, ending with its id
 */
export const printKeyset = (order: string, keys: readonly Key[]): string =>
  Buffer.from(JSON.stringify([order, ...keys])).toString('base64url')

/**
 * The keys in a cursor. Throws BAD_INPUT for a cursor that this order did not produce.
 * @param types the types of the keys, in order
 */
export function parseKeyset(order: string, types: readonly ('string' | 'number')[], cursor: string): Key[] {
  const [of, ...keys] = parseArray(cursor)
  const isOwn = of === order && keys.length === types.length && keys.every((key, at) => isKey(key, types[at]))
  if (isOwn && printKeyset(order, keys as Key[]) === cursor) return keys as Key[]
  throw new AppError(
    'BAD_INPUT',
    `${JSON.stringify(cursor.slice(0, 100))} is not a cursor of ${order.replace(':', ' sorted by ')}: give an endCursor or startCursor of this connection in the same order, or start without one.`,
  )
}

function parseArray(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor.slice(0, CURSOR_MAX), 'base64url').toString())
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

const isKey = (key: unknown, type: 'string' | 'number' | undefined): boolean =>
  type === 'string'
    ? typeof key === 'string' && isStorable(key)
    : Number.isInteger(key) && Number(key) >= 0 && Number(key) <= ID_MAX
