import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { PLACE } from './document.ts'
import { joinWords, wordsOf } from './fold.ts'

/** The items with exactly this slug, oldest first, at most `max`; found by their search documents, so those indexed by now. */
export async function findBySlug(searchPool: Pg, slug: string, max: number): Promise<number[]> {
  const token = PLACE.whole + joinWords(wordsOf(slug))
  const rows = await FIND_BY_SLUG.all(searchPool, { tokens: [token], slug, max })
  return rows.map(({ id }) => id)
}

const FIND_BY_SLUG = statement({
  name: 'find-by-slug',
  text: `
    select i.id from item_search s join item i on i.id = s.item_id
    where s.tokens @> :tokens::text[] and i.slug = :slug order by i.id limit :max`,
  parameters: { tokens: 'text[]', slug: 'text', max: 'int8' },
  columns: { id: 'int4' },
})
