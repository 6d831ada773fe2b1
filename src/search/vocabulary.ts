import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** A word that occurs in items, and the number of items that have it. */
export interface Word {
  readonly word: string
  readonly items: number
}

/** The vocabulary's matches for a word of a search, most common first. */
export interface Expansion {
  /** Other words that start with it. */
  readonly longer: readonly Word[]
  /** Words that contain it: after at least two letters, or in a script that does not separate words. */
  readonly containing: readonly Word[]
}

/** Each word is looked up in the documents, at about 5 µs for each place where it may occur. */
const LONGER_MAX = 60
const CONTAINING_MAX = 30
const GRAM = 3
const COMPOUND_AT = 3

/** Letters that the index can find anywhere in a word; null if the text is too short for that. */
const innerGrams = (word: string): string[] | null => {
  const letters = [...word]
  const isAscii = Buffer.byteLength(word) === word.length
  if (letters.length >= GRAM) return letters.slice(GRAM - 1).map((_, at) => letters.slice(at, at + GRAM).join(''))
  return isAscii || letters.length === 0 ? null : [word]
}

export interface Vocabulary {
  /** The matches for each of the words. */
  readonly expansions: ReadonlyMap<string, Expansion>
  /** The number of items of each counted word that occurs. */
  readonly counts: ReadonlyMap<string, number>
}

/** What the vocabulary has for the words of a search, in one statement. @param counted words to be counted */
export async function readVocabulary(
  pg: Pg,
  { words, counted }: { words: readonly string[]; counted: readonly string[] },
): Promise<Vocabulary> {
  const expansions = new Map(words.map((word) => [word, { longer: [] as Word[], containing: [] as Word[] }]))
  const counts = new Map<string, number>()
  const rows = await READ_VOCABULARY.all(pg, {
    words,
    ends: words.map((word) => `${word}\u{10ffff}`),
    grams: words.map((word) => JSON.stringify(innerGrams(word))),
    counted,
    longerMax: LONGER_MAX,
    containingMax: CONTAINING_MAX,
    compoundAt: COMPOUND_AT,
  })
  for (const { term, word, items, is_longer } of rows) {
    if (term === null) counts.set(word, items)
    else expansions.get(term)?.[is_longer ? 'longer' : 'containing'].push({ word, items })
  }
  return { expansions, counts }
}

const READ_VOCABULARY = statement({
  name: 'read-vocabulary',
  // Planning takes longer than running. In sub-selects, the lengths of the lists do not make Postgres plan for each search.
  isPrepared: true,
  text: `
    select t.term, w.word, w.items, w.is_longer
    from unnest((select :words::text[]), (select :ends::text[]), (select :grams::text[])) as t(term, until, grams)
    cross join lateral (
      (select word::text, items, true as is_longer from search_word
       where word > t.term collate "C" and word < t.until collate "C" and items > 0
       order by items desc, word limit :longerMax)
      union all
      (select word::text, items, false from search_word
       where grams @> array(select json_array_elements_text(nullif(t.grams, 'null')::json)) and t.grams <> 'null' and items > 0
         and (strpos(word, t.term) >= :compoundAt or octet_length(word) > char_length(word) and strpos(word, t.term) > 1)
       order by items desc, word limit :containingMax)
    ) as w
    union all
    select null, word::text, items, false from search_word where word = any((select :counted::text[])::text[]) and items > 0`,
  parameters: {
    words: 'text[]',
    ends: 'text[]',
    grams: 'text[]',
    counted: 'text[]',
    longerMax: 'int8',
    containingMax: 'int8',
    compoundAt: 'int4',
  },
  columns: { term: 'text?', word: 'text', items: 'int4', is_longer: 'bool' },
})

const CANDIDATES_MAX = 60
/** How much likelier a missing or extra letter is than a wrong one: hart means heart rather than hat. */
const [LETTER_MISSING, LETTER_TOO_MANY] = [4, 0.5]
/** Shorter words are close to everything, and mostly codes of countries, which nobody means with PDF or BTC. */
const CORRECTED_MIN = 3

/**
 * The word of the vocabulary that was probably meant, or null: the one with the fewest wrong, missing, extra or transposed letters (at
 * most one in four letters, two in longer words). Among equals, words with the same start come first, then the most common one, with a
 * bonus for words that have one letter more. Only the words that share the most trigrams are compared.
 * @param others words outside the vocabulary that have synonyms
 */
export async function correctWord(pg: Pg, word: string, others: readonly string[]): Promise<Word | null> {
  const letters = [...word]
  // A number is another number, not a misspelt one.
  if (letters.length < CORRECTED_MIN || !/\p{L}/u.test(word)) return null
  const padded = [' ', ' ', ...letters, ' ']
  const grams = padded.slice(2).map((_, at) => padded.slice(at, at + GRAM).join(''))
  const most = letters.length <= 4 ? 1 : 2
  const rows = await CORRECT.all(pg, { grams, length: letters.length, most, max: CANDIDATES_MAX })
  // Words that no item has but that have synonyms: less likely than words that items have.
  const known = [...rows, ...others.map((other) => ({ word: other, items: 0 }))]
  const near = known
    .filter((row) => row.word.length >= CORRECTED_MIN)
    .map((row) => ({ ...row, isAlike: row.word.startsWith(letters[0] ?? '') }))
    .map((row) => ({ ...row, distanceMax: row.isAlike ? most : letters.length > CORRECTED_MIN ? 1 : 0 }))
    // The distance is at least the difference in length, which is much cheaper: there may be thousands of synonyms.
    .filter((row) => Math.abs([...row.word].length - letters.length) <= row.distanceMax)
    .map((row) => ({ ...row, distance: editDistance(word, row.word) }))
    .filter(({ distance, distanceMax }) => distance > 0 && distance <= distanceMax)
  const likelihood = ({ word: other, items }: Word) => {
    const more = [...other].length - letters.length
    return items * (more > 0 ? LETTER_MISSING : more < 0 ? LETTER_TOO_MANY : 1)
  }
  const [best] = near.sort(
    (a, b) =>
      a.distance - b.distance ||
      Number(b.isAlike) - Number(a.isAlike) ||
      likelihood(b) - likelihood(a) ||
      (a.word < b.word ? -1 : 1),
  )
  return best ?? null
}

// Words with a similar number of letters, by the number of trigrams shared.
const CORRECT = statement({
  name: 'correct-search-word',
  text: `
    select word::text, items from search_word
    where grams && :grams::text[] and items > 0 and abs(char_length(word) - :length::int) <= :most::int
    order by cardinality(array(select unnest(grams) intersect select unnest(:grams::text[]))) desc, items desc, word
    limit :max`,
  parameters: { grams: 'text[]', length: 'int4', most: 'int4', max: 'int8' },
  columns: { word: 'text', items: 'int4' },
})

/** Optimal string alignment distance: letters inserted, deleted, replaced, or swapped with the next. */
export function editDistance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]]
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const at = (list: readonly number[], index: number) => list[index] ?? 0
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(before, j - 2) + 1)
      row.push(least)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
