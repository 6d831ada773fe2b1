/**
 * Text from outside. Postgres takes no NUL, and UTF-8 has no lone surrogates; JavaScript's strings may hold both, by an
 * escape in JSON, GraphQL or a URL. Each door looks once: what a client asks for is refused, what is only told is mended.
 */

/** Whether a database can hold the text. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** The text with U+FFFD in the place of what a database cannot hold. */
export const toStorable = (text: string): string => text.toWellFormed().replaceAll('\0', '\u{fffd}')

/** What makes it unfit, for sentences. */
export const UNFIT = 'a NUL character (U+0000) or half of a surrogate pair'

/** Whether every text in a JSON value is fit, its keys included. Deep values are no matter. */
export function isStorableJson(value: unknown): boolean {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string' && !isStorable(next)) return false
    if (typeof next === 'object' && next !== null) for (const each of Object.entries(next)) open.push(...each)
  }
  return true
}
