/**
 * Text from outside. Postgres accepts no NUL, and UTF-8 has no lone surrogates; JavaScript strings may contain both, from an escape in
 * JSON, GraphQL or a URL. Each entry point checks once: requests are refused, reported values are repaired.
 */

/** Whether a database can hold the text. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** Replaces characters that a database cannot store by U+FFFD. */
export const toStorable = (text: string): string => text.toWellFormed().replaceAll('\0', '\u{fffd}')

/** Text from outside inside of a sentence: in quotes, cut, and with marks of direction escaped, which would turn the rest of the sentence around. */
export const quoted = (text: string, { charactersMax }: { charactersMax: number }): string =>
  JSON.stringify(text.slice(0, charactersMax)).replaceAll(
    /\p{Bidi_Control}/gu,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

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
