import { compoundsOf, emojiOf, foldText, joinWords, withoutTone, wordsOf } from './fold.ts'
import { regionNames } from './regions.ts'

/** The texts by which a search can find an item. */
export interface SearchSource {
  readonly slug: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly tags: readonly string[]
  /** Emoji that the item depicts. */
  readonly characters: readonly string[]
  readonly family: string
  /** The names of its set and its vendor. */
  readonly context: readonly string[]
}

export interface SearchDocument {
  readonly tokens: string[]
  readonly familyKey: string
  readonly nameKey: string
}

/**
 * Where a word occurs: a token is this prefix followed by the word. A word gets only the best of `name`, `alias` and `context`, and these
 * words make up the vocabulary. `whole` is an entire name or alias joined into one word, `compound` two of its words joined; `tag` is an
 * entire tag, for filters.
 */
export const PLACE = { whole: '0', name: '1', alias: '2', context: '3', compound: 'c', tag: '#' } as const

/** The most tokens of a document: enough for 50 tags of 64 characters. */
const TOKENS_MAX = 400
const KEY_MAX = 48

/** The tokens and sort keys by which searches find and order an item; at most 400 tokens. */
export function documentOf(source: SearchSource): SearchDocument {
  const { slug, name, aliases, tags, characters, family, context } = source
  const places = new Map<string, string>()
  const add = (place: string, texts: readonly string[]) => {
    for (const word of texts.flatMap(wordsOf)) if (place < (places.get(word) ?? '9')) places.set(word, place)
  }
  const emoji = characters.flatMap(emojiOf)
  const regions = emoji.flatMap(regionNames)
  const names = [name, slug, ...aliases]
  add(PLACE.name, [name, slug])
  add(PLACE.alias, [...aliases, ...tags, ...regions])
  add(PLACE.context, [family, ...context])
  const tokens = [
    ...[...names, ...regions].map((text) => PLACE.whole + joinWords(wordsOf(text))),
    ...emoji.flatMap((sign) => [PLACE.whole + sign, PLACE.name + withoutTone(sign)]),
    ...[...places].map(([word, place]) => place + word),
    ...[...names, ...tags].flatMap(compoundsOf).map((word) => PLACE.compound + word),
    ...tags.map((tag) => PLACE.tag + foldTag(tag)),
  ]
  return {
    tokens: [...new Set(tokens)].filter((token) => token.length > 1).slice(0, TOKENS_MAX),
    familyKey: keyOf(family),
    nameKey: keyOf(name),
  }
}

/** A tag in the form that filters compare. */
export const foldTag = (tag: string): string => wordsOf(tag).join(' ') || foldText(tag).trim()

/** The sort key of a name. */
export const keyOf = (name: string): string => {
  const key = wordsOf(name).join(' ') || foldText(name)
  return [...key].slice(0, KEY_MAX).join('').trimEnd()
}
