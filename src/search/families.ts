import { wordsOf } from './fold.ts'
import { checkSearch } from './plan.ts'

/**
 * A Prisma filter for families whose names contain all words of a search, or parts of words. Their folded names are written together
 * with the documents of their items. Throws BAD_INPUT for a search that is too long.
 */
export const whereFamilyNamed = (search: string) => ({
  AND: checkSearch(search, wordsOf).map((word) => ({ searchName: { contains: word } })),
})
