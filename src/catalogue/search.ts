import { AppError } from '../core/errors.ts'

const SEARCH_MAX = 100
/** So many letters are a trigram, which the index can look for anywhere; fewer only where a word begins. */
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
  // NUL is no character of a Postgres text.
  const words = search.split(/[\s\0_-]+/).filter(Boolean)
  return { AND: words.map(escapeWildcards).map(hasWord) }
}

function hasWord(word: string): Named {
  if (word.length >= TRIGRAM) return { name: { contains: word, mode: 'insensitive' } }
  const begins = [{ startsWith: word }, { contains: ` ${word}` }, { contains: `-${word}` }]
  return { OR: begins.map((text) => ({ name: { ...text, mode: 'insensitive' } })) }
}

/** Prisma passes `%` and `_` on as they are. */
const escapeWildcards = (word: string): string => word.replaceAll(/[\\%_]/g, '\\$&')
