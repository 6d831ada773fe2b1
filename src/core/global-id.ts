/** A node id, taken apart. */
export interface GlobalId {
  readonly typename: string
  /** Digits. */
  readonly id: string
}

/** A node id as `id` fields of GraphQL print it; webhooks and exports name objects by it, too. */
export const printGlobalId = (typename: string, id: number | string): string =>
  Buffer.from(`${typename}:${id}`).toString('base64')

/** The parts of a node id exactly as `id` fields print it, else null. Whether there is such a type or row is not looked at. */
export function parseGlobalId(text: string): GlobalId | null {
  const [, typename = '', id = ''] = GLOBAL_ID.exec(Buffer.from(text.slice(0, 200), 'base64').toString('latin1')) ?? []
  // Printed again, since base64 is read in more ways than it is written.
  return printGlobalId(typename, id) === text ? { typename, id } : null
}
const GLOBAL_ID = /^([A-Za-z]+):([1-9]\d{0,9})$/

/** Whether a number can be a primary key: Postgres's integer. */
export const isRowId = (number: number): boolean => Number.isInteger(number) && number > 0 && number < 2 ** 31
