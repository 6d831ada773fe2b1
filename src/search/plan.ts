import { AppError } from '../core/errors.ts'
import type { Pg } from '../db/database.ts'
import { PLACE } from './document.ts'
import { joinWords } from './fold.ts'
import { type Thesaurus, termsOf } from './synonyms.ts'
import { correctWord, type Expansion, readVocabulary, type Vocabulary } from './vocabulary.ts'

/** Maximum characters and words of a search. */
const SEARCH_MAX = 100
const WORDS_MAX = 12
/** Up to this many words, one at a time is left out if all together find nothing. */
const RELAXED_MAX = 5
/** How many times more items must have a correction than a word inside of others. */
const LIKELIER = 5

/** The tokens that match one word of a search, best first. */
type Levels = readonly (readonly string[])[]

/**
 * What a search requires of a document. The item's tier is the worst level that any of the words needs (with several words, one more
 * from level 1 on, see `combine`): 0 the whole name or alias, 1 a word of the name, 2 a word of an alias or tag, 3 the whole name is a
 * synonym, 4 a word is a synonym, 5 the name of its family, set or vendor, 6 the start of a word, 7 part of a word.
 */
export interface Plan {
  /** For each tier and each word of the search, the tokens of which a document must have at least one. */
  readonly tiers: readonly (readonly (readonly string[])[])[]
  /** The corrected search, if it differs from what was asked. */
  readonly didYouMean: string | null
  /** Upper bound for the number of items with all of the words in their names, aliases or tags. */
  readonly items: number
  /** Approximate upper bound for the number of items it finds. */
  readonly itemsMax: number
}

/** The plans of a search: each is tried only if those before it find nothing. */
export interface Plans {
  /** For the words as given: what a page continues that was not corrected. */
  readonly asGiven: Plan
  readonly direct: Plan
  readonly others: () => AsyncIterable<Plan>
}

interface PlanDeps {
  readonly pg: Pg
  readonly thesaurus: Thesaurus
}

/** The plan that finds everything. */
export const ANYTHING: Plan = { tiers: [[]], didYouMean: null, items: 0, itemsMax: 0 }
const NOTHING: Plan = { tiers: [[[]]], didYouMean: null, items: 0, itemsMax: 0 }

/** Plans a search. Throws BAD_INPUT for more than 100 characters or 12 words. */
export async function planSearch(deps: PlanDeps, search: string | null | undefined): Promise<Plans> {
  if (!search?.trim()) return { asGiven: ANYTHING, direct: ANYTHING, others: none }
  const all = checkSearch(search, termsOf)
  const telling = all.filter((word) => !deps.thesaurus.isIgnored(word))
  const words = telling.length > 0 ? telling : all
  if (words.length === 0) return { asGiven: NOTHING, direct: NOTHING, others: none }
  const vocabulary = await readWords(deps, words)
  const asGiven = planWords(deps, words, { vocabulary, didYouMean: null })
  const likelier = await correctFragments(deps, words, vocabulary)
  return {
    asGiven,
    direct: likelier ? await planMeant(deps, likelier.join(' ')) : asGiven,
    async *others() {
      if (likelier) yield asGiven
      const isKnown = (word: string) => isKnownIn(deps, vocabulary, word)
      const meant = await Promise.all(words.map(async (word) => (isKnown(word) ? word : await correct(deps, word))))
      if (meant.some((word, at) => word !== words[at])) yield await planMeant(deps, meant.join(' '))
      // Such as the name of another set, in mdi:account. If most are unknown, the others say too little.
      const certain = words.filter(isKnown)
      if (certain.length * 2 >= words.length && certain.length < words.length)
        yield await planMeant(deps, certain.join(' '))
      if (words.length < 2 || words.length > RELAXED_MAX) return
      for (let left = words.length - 1; left >= 0; left--)
        yield await planMeant(deps, meant.toSpliced(left, 1).join(' '))
    },
  }
}

/** Whether items have a word or one of its synonyms: it is no mistake then. */
const isKnownIn = ({ thesaurus }: PlanDeps, { counts }: Vocabulary, word: string): boolean =>
  counts.has(word) ||
  thesaurus.of(word).some((entry) => counts.has(joinWords(entry)) || entry.every((part) => counts.has(part)))

const correct = async ({ pg, thesaurus }: PlanDeps, word: string): Promise<string> =>
  (await correctWord(pg, word, thesaurus.words))?.word ?? word

/**
 * The search with corrections of words that only occur inside of other words, if many more items have the correction: hart means heart, although
 * there are flowcharts. Null if there are none.
 */
async function correctFragments(
  deps: PlanDeps,
  words: readonly string[],
  vocabulary: Vocabulary,
): Promise<string[] | null> {
  const meant = await Promise.all(
    words.map(async (word) => {
      const { longer = [], containing = [] } = vocabulary.expansions.get(word) ?? {}
      if (longer.length > 0 || containing.length === 0 || isKnownIn(deps, vocabulary, word)) return word
      const items = containing.reduce((sum, each) => sum + each.items, 0)
      const correction = await correctWord(deps.pg, word, [])
      return correction && correction.items >= LIKELIER * items ? correction.word : word
    }),
  )
  return meant.some((word, at) => word !== words[at]) ? meant : null
}

/** The plan of a corrected search: later pages continue with it, even if the vocabulary has changed since. */
export async function planMeant(deps: PlanDeps, meant: string): Promise<Plan> {
  const words = termsOf(meant).slice(0, WORDS_MAX)
  return planWords(deps, words, { vocabulary: await readWords(deps, words), didYouMean: meant })
}

async function* none() {}

/** The words of a search. Throws BAD_INPUT if the text is too long or has too many words. */
export function checkSearch(search: string, split: (text: string) => string[]): string[] {
  if (search.length > SEARCH_MAX)
    throw new AppError('BAD_INPUT', `search has ${search.length} characters; at most ${SEARCH_MAX} are allowed.`)
  const words = split(search)
  if (words.length > WORDS_MAX)
    throw new AppError('BAD_INPUT', `search has ${words.length} words; at most ${WORDS_MAX} are allowed.`)
  return words
}

/** What the vocabulary has for words and their synonyms. */
function readWords({ pg, thesaurus }: PlanDeps, words: readonly string[]): Promise<Vocabulary> {
  const synonyms = words.flatMap((word) => thesaurus.of(word).flatMap((entry) => [joinWords(entry), ...entry]))
  return readVocabulary(pg, { words: [...new Set(words)], counted: [...words, ...synonyms] })
}

function planWords(
  { thesaurus }: PlanDeps,
  words: readonly string[],
  { vocabulary, didYouMean }: { vocabulary: Vocabulary; didYouMean: string | null },
): Plan {
  const synonyms = words.map((word) => thesaurus.of(word).map(joinWords))
  const { expansions } = vocabulary
  const whole = joinWords(words)
  const pairs = words.slice(1).map((word, at) => joinWords([words[at] ?? '', word]))
  const perWord = words.map((word, at) => {
    // A pair can match in place of either of its words.
    const joined = [pairs[at - 1], pairs[at], words.length > 1 ? whole : undefined].filter((each) => each !== undefined)
    return levelsOf(word, joined, { expansions, thesaurus })
  })
  const { items, itemsMax } = countItemsWith(words, { synonyms, vocabulary })
  const reached = (level: number) => perWord.map((levels) => [...new Set(levels.slice(0, level + 1).flat())])
  const tiers = (perWord[0] ?? []).map((_, level) => reached(level))
  return { tiers: words.length > 1 ? combine(tiers, words) : tiers, didYouMean, items, itemsMax }
}

/**
 * With several words, the whole name means all of them together. The name of a family, set or vendor says where to look, not how well
 * the other words match: after whole names come items named like one of the words, within what the others name.
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

/** Upper bounds for the number of items that have all of the words, and that have the words or their substitutes. */
function countItemsWith(
  words: readonly string[],
  {
    synonyms,
    vocabulary: { expansions, counts },
  }: { synonyms: readonly (readonly string[])[]; vocabulary: Vocabulary },
): { items: number; itemsMax: number } {
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
