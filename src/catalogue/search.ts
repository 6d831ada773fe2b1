import { AppError } from '../core/errors.ts'

const SEARCH_MAX = 100
/** Letters of a trigram, which the index finds anywhere; fewer letters are found only at the start of a word. */
const TRIGRAM = 3

interface Name {
  readonly name: { readonly contains?: string; readonly startsWith?: string; readonly mode: 'insensitive' }
}
type Named = Name | { OR: Name[] }

/**
 * Items whose name has every word of the search: anywhere in it, or, for a word of one or two letters, where a word of
 * the name begins. Case does not matter, and a search without a word finds all. Throws BAD_INPUT for one that is too long.
 */
export function whereNamed(search: string): { AND: Named[] } {
  if (search.length > SEARCH_MAX)
    throw new AppError('BAD_INPUT', `search has ${search.length} characters; at most ${SEARCH_MAX} are taken.`)
  // Postgres text cannot contain NUL.
  const words = search.split(/[\s\0_-]+/).filter(Boolean)
  return { AND: words.map(escapeWildcards).map(hasWord) }
}

function hasWord(word: string): Named {
  if (word.length >= TRIGRAM) return { name: { contains: word, mode: 'insensitive' } }
  const begins = [{ startsWith: word }, { contains: ` ${word}` }, { contains: `-${word}` }]
  return { OR: begins.map((text) => ({ name: { ...text, mode: 'insensitive' } })) }
}

/** Prisma does not escape `%` and `_`. */
const escapeWildcards = (word: string): string => word.replaceAll(/[\\%_]/g, '\\$&')
