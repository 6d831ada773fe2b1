import { wordsOf } from './fold.ts'
import { checkSearch } from './plan.ts'

/**
 * Families whose names have all words of a search or parts of them, as a Prisma filter. Their folded names are written with the
 * documents of their items. Throws BAD_INPUT for a search that is too long.
 */
export const whereFamilyNamed = (search: string) => ({
  AND: checkSearch(wordsOf(search), search).map((word) => ({ searchName: { contains: word } })),
})
