import { AppError } from '../core/errors.ts'

const SEARCH_MAX = 100
/** Minimum length of a word that the index finds anywhere; shorter ones are found only at the start of a word. */
const TRIGRAM = 3

interface Name {
  readonly searchName: { readonly contains?: string; readonly startsWith?: string }
}
type Named = Name | { OR: Name[] }

/**
 * Items whose name contains every word of the search: anywhere, or, for a word of one or two letters, at the start of a word. Case and
 * Unicode normalisation are ignored, and a search without words finds all items. Throws BAD_INPUT if it is too long.
 */
export function whereNamed(search: string): { AND: Named[] } {
  if (search.length > SEARCH_MAX)
    throw new AppError('BAD_INPUT', `search has ${search.length} characters; at most ${SEARCH_MAX} are allowed.`)
  const words = search.split(SEPARATORS).map(foldName).filter(Boolean)
  return { AND: words.map(escapeWildcards).map(hasWord) }
}

/** Zero-width spaces separate words too. */
const SEPARATORS = /[\s\u200b\u2060_-]+/

/** Must match how the migration item_search_name derives the column item.search_name from the name; a test compares them. */
export const foldName = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('\u03c2', '\u03c3')
    .replaceAll(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, '')
    .replaceAll('i\u0307', 'i')
    .normalize('NFC')

function hasWord(word: string): Named {
  if (word.length >= TRIGRAM) return { searchName: { contains: word } }
  const begins = [{ startsWith: word }, { contains: ` ${word}` }, { contains: `-${word}` }]
  return { OR: begins.map((searchName) => ({ searchName })) }
}

/** Prisma does not escape `%` and `_`. */
const escapeWildcards = (word: string): string => word.replaceAll(/[\\%_]/g, '\\$&')
