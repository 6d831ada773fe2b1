import { AppError } from '../core/errors.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { PLACE } from './document.ts'
import { wordsOf } from './fold.ts'

export interface Suggestion {
  readonly text: string
  /** Number of items that have the last word in addition to the others. */
  readonly items: number
}

const PREFIX_MAX = 100
/** How many items with the preceding words are sampled. */
const SAMPLE_ITEMS = 5000

/**
 * Completions of a text that is being typed: the preceding words followed by each word that starts with the last one, most common first.
 * Empty for a text without words. Throws BAD_INPUT for a text that is too long.
 */
export async function suggest(pg: Pg, { prefix, max }: { prefix: string; max: number }): Promise<Suggestion[]> {
  if (prefix.length > PREFIX_MAX)
    throw new AppError('BAD_INPUT', `prefix has ${prefix.length} characters; at most ${PREFIX_MAX} are allowed.`)
  const words = wordsOf(prefix)
  const last = words.pop()
  if (last === undefined || max === 0) return []
  const begins = { prefix: last, until: `${last}\u{10ffff}`, max }
  if (words.length === 0) return (await SUGGEST.all(pg, begins)).map(({ word, items }) => ({ text: word, items }))
  const tokens = words.map((word) => `${PLACE.name}${word}`)
  const rows = await SUGGEST_NEXT.all(pg, { ...begins, tokens, words, sample: SAMPLE_ITEMS })
  return rows.map(({ word, items }) => ({ text: [...words, word].join(' '), items }))
}

const SUGGEST = statement({
  name: 'suggest-words',
  text: `
    select word::text, items from search_word
    where word >= :prefix collate "C" and word < :until collate "C" and items > 0 order by items desc, word limit :max`,
  parameters: { prefix: 'text', until: 'text', max: 'int8' },
  columns: { word: 'text', items: 'int4' },
})

const SUGGEST_NEXT = statement({
  name: 'suggest-next-words',
  text: `
    select substr(token, 2) as word, count(*)::int as items
    from (select tokens from item_search where tokens @> :tokens::text[] limit :sample) as s cross join unnest(s.tokens) as token
    where token ~ '^[12]' and substr(token, 2) collate "C" >= :prefix and substr(token, 2) collate "C" < :until
      and substr(token, 2) <> all(:words::text[])
    group by 1 order by 2 desc, 1 limit :max`,
  parameters: { prefix: 'text', until: 'text', max: 'int8', tokens: 'text[]', words: 'text[]', sample: 'int8' },
  columns: { word: 'text', items: 'int4' },
})
