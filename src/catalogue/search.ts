import { AppError } from '../core/errors.ts'

const SEARCH_MAX = 100
/** Letters of a trigram, which the index finds anywhere; fewer letters are found only at the start of a word. */
const TRIGRAM = 3

interface Name {
  readonly searchName: { readonly contains?: string; readonly startsWith?: string }
}
type Named = Name | { OR: Name[] }

/**
 * Items whose name has every word of the search: anywhere in it, or, for a word of one or two letters, where a word of
 * the name begins. Neither case nor normal form matters, and a search without a word finds all. Throws BAD_INPUT for one
 * that is too long.
 */
export function whereNamed(search: string): { AND: Named[] } {
  if (search.length > SEARCH_MAX)
    throw new AppError('BAD_INPUT', `search has ${search.length} characters; at most ${SEARCH_MAX} are taken.`)
  const words = search.split(SEPARATORS).map(foldName).filter(Boolean)
  return { AND: words.map(escapeWildcards).map(hasWord) }
}

/** Zero-width spaces part words too: where a line may break, a word ends. */
const SEPARATORS = /[\s\u200b\u2060_-]+/

/** As the column item.search_name is made of the name, by the migration item_search_name; a test compares them. */
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
