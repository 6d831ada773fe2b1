import { AppError } from '../core/errors.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { PLACE } from './document.ts'
import { joinWords } from './fold.ts'
import { type Thesaurus, termsOf } from './synonyms.ts'
import { correctWord, type Expansion, expandWords } from './vocabulary.ts'

/** Characters and words of a search. */
const SEARCH_MAX = 100
const WORDS_MAX = 12
/** Of so many words one at a time is left out, where all together find nothing. */
const RELAXED_MAX = 5

/** The tokens that match one word of a search, the best first. */
type Levels = readonly (readonly string[])[]

/**
 * What a search asks of a document. The item's tier is the worst level that one of the words needs (one more from the first on where
 * there are several words, see `combine`): 0 the whole name or alias,
 * 1 a word of the name, 2 of an alias or a tag, 3 the whole name is a synonym, 4 a word is one, 5 a name of its family, set or
 * vendor, 6 the beginning of a word, 7 a part of one.
 */
export interface Plan {
  /** For each tier, and each word of the search, the tokens of which a document has one. */
  readonly tiers: readonly (readonly (readonly string[])[])[]
  /** What it looks for instead, where it is not what was asked. */
  readonly didYouMean: string | null
  /** How many items have all of the words at most, in their names, aliases or tags. */
  readonly items: number
  /** How many items it finds at most, about. */
  readonly itemsMax: number
}

/** The plans of a search: each is tried where those before it find nothing. */
export interface Plans {
  readonly direct: Plan
  readonly others: () => AsyncIterable<Plan>
}

interface PlanDeps {
  readonly pg: Pg
  readonly thesaurus: Thesaurus
}

/** Everything is found. */
const ANYTHING: Plan = { tiers: [[]], didYouMean: null, items: 0, itemsMax: 0 }
const NOTHING: Plan = { tiers: [[[]]], didYouMean: null, items: 0, itemsMax: 0 }

/** How to look for a search. Throws BAD_INPUT for one with more than 100 characters or 12 words. */
export async function planSearch(deps: PlanDeps, search: string | null | undefined): Promise<Plans> {
  if (!search?.trim()) return { direct: ANYTHING, others: none }
  const all = checkSearch(termsOf(search), search)
  const telling = all.filter((word) => !deps.thesaurus.isIgnored(word))
  const words = telling.length > 0 ? telling : all
  if (words.length === 0) return { direct: NOTHING, others: none }
  const { pg } = deps
  return {
    direct: await planWords(deps, words, null),
    async *others() {
      const known = await findWords(pg, words)
      const meant = await Promise.all(
        words.map(async (word) =>
          known.has(word) ? word : ((await correctWord(pg, word, deps.thesaurus.words)) ?? word),
        ),
      )
      if (meant.some((word, at) => word !== words[at])) yield await planMeant(deps, meant.join(' '))
      if (words.length < 2 || words.length > RELAXED_MAX) return
      for (let left = words.length - 1; left >= 0; left--)
        yield await planMeant(deps, meant.toSpliced(left, 1).join(' '))
    },
  }
}

/** The plan of what was looked for instead: a page goes on with it, whatever words there are by then. */
export async function planMeant(deps: PlanDeps, meant: string): Promise<Plan> {
  const words = termsOf(meant).slice(0, WORDS_MAX)
  return await planWords(deps, words, meant)
}

async function* none() {}

/** The words, unless they or their text are too many. */
export function checkSearch(words: string[], search: string): string[] {
  if (search.length > SEARCH_MAX)
    throw new AppError('BAD_INPUT', `search has ${search.length} characters; at most ${SEARCH_MAX} are taken.`)
  if (words.length > WORDS_MAX)
    throw new AppError('BAD_INPUT', `search has ${words.length} words; at most ${WORDS_MAX} are taken.`)
  return words
}

/** Words that some document has. */
async function findWords(pg: Pg, words: readonly string[]): Promise<Map<string, number>> {
  const rows = query
    .selectFrom('search_word')
    .select(['word', 'items'])
    .where('word', '=', anyOf(words))
    .where('items', '>', 0)
  return new Map((await fetchAll(pg, rows)).map(({ word, items }) => [word, items]))
}

async function planWords(
  { pg, thesaurus }: PlanDeps,
  words: readonly string[],
  didYouMean: string | null,
): Promise<Plan> {
  const expansions = await expandWords(pg, [...new Set(words)])
  const whole = joinWords(words)
  const pairs = words.slice(1).map((word, at) => joinWords([words[at] ?? '', word]))
  const perWord = words.map((word, at) => {
    // A pair stands for either of its words.
    const joined = [pairs[at - 1], pairs[at], words.length > 1 ? whole : undefined].filter((each) => each !== undefined)
    return levelsOf(word, joined, { expansions, thesaurus })
  })
  const { items, itemsMax } = await countWords(pg, words, { expansions, thesaurus })
  const reached = (level: number) => perWord.map((levels) => [...new Set(levels.slice(0, level + 1).flat())])
  const tiers = (perWord[0] ?? []).map((_, level) => reached(level))
  return { tiers: words.length > 1 ? combine(tiers, words) : tiers, didYouMean, items, itemsMax }
}

/**
 * Of several words the whole name is all of them. A family's, set's or vendor's name says where to look and nothing of how well the
 * other words match: after the whole name comes what is named like one of them within the others.
 */
function combine(tiers: Plan['tiers'], words: readonly string[]): Plan['tiers'] {
  const whole = PLACE.whole + joinWords(words)
  const within = words.map((word) => [whole, PLACE.whole + word, PLACE.context + word])
  return [
    [[whole]],
    within,
    ...tiers.slice(1).map((lists) => lists.map((list, at) => [...new Set([...list, ...(within[at] ?? [])])])),
  ]
}

/** How many items have all of the words, and how many have them or what stands for them: at most. */
async function countWords(
  pg: Pg,
  words: readonly string[],
  { expansions, thesaurus }: { expansions: ReadonlyMap<string, Expansion>; thesaurus: Thesaurus },
): Promise<{ items: number; itemsMax: number }> {
  const synonyms = words.map((word) => thesaurus.of(word).map(joinWords))
  const counts = await findWords(pg, [...words, ...synonyms.flat()])
  const sumOf = (list: readonly string[]) => list.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0)
  const all = words.map((word, at) => {
    const { longer = [], containing = [] } = expansions.get(word) ?? {}
    return (
      sumOf([word, ...(synonyms[at] ?? [])]) + [...longer, ...containing].reduce((sum, each) => sum + each.items, 0)
    )
  })
  return { items: Math.min(...words.map((word) => counts.get(word) ?? 0)), itemsMax: Math.min(...all) }
}

const WORDS = [PLACE.name, PLACE.alias, PLACE.context]
const at = (places: readonly string[], words: readonly string[]) =>
  words.flatMap((word) => places.map((place) => place + word))

function levelsOf(
  word: string,
  joined: readonly string[],
  { expansions, thesaurus }: { expansions: ReadonlyMap<string, Expansion>; thesaurus: Thesaurus },
): Levels {
  const synonyms = [...new Set([word, ...joined].flatMap((each) => thesaurus.of(each).map(joinWords)))]
  const { longer, containing } = expansions.get(word) ?? { longer: [], containing: [] }
  return [
    at([PLACE.whole], [word]),
    [
      ...at([PLACE.name], [word]),
      ...at([PLACE.whole, PLACE.compound, PLACE.name], joined),
      ...at([PLACE.compound], [word]),
    ],
    at([PLACE.alias], [word, ...joined]),
    at([PLACE.whole], synonyms),
    at([PLACE.name, PLACE.alias, PLACE.compound], synonyms),
    at([PLACE.context], [word, ...joined]),
    at(
      WORDS,
      longer.map((each) => each.word),
    ),
    at(
      WORDS,
      containing.map((each) => each.word),
    ),
  ]
}
