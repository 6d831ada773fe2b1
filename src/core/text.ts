/**
 * Text from outside. Postgres accepts no NUL, and UTF-8 has no lone surrogates; JavaScript strings may contain both, from an escape in
 * JSON, GraphQL or a URL. Each entry point checks once: requests are refused, reported values are repaired.
 */

/** Whether a database can hold the text. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** Replaces characters that a database cannot store by U+FFFD. */
export const toStorable = (text: string): string => text.toWellFormed().replaceAll('\0', '\u{fffd}')

/** The forbidden characters, for messages. */
export const FORBIDDEN_CHARACTERS = 'a NUL character (U+0000) or half of a surrogate pair'

/** Whether every string in a JSON value can be stored, including keys. Safe for deep values. */
export function isStorableJson(value: unknown): boolean {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string' && !isStorable(next)) return false
    if (typeof next === 'object' && next !== null) for (const each of Object.entries(next)) open.push(...each)
  }
  return true
}
