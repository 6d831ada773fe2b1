import type { Synonyms } from '../core/synonyms.ts'
import { emojiOf, joinWords, signsOf, withoutTone, wordsOf } from './fold.ts'

/** Synonyms as searches look them up. */
export interface Thesaurus {
  /** The synonyms of a word, emoji or symbol, folded; an entry of several words is a list of them. */
  readonly of: (word: string) => readonly (readonly string[])[]
  readonly isIgnored: (word: string) => boolean
  /** All words that have synonyms. */
  readonly words: readonly string[]
}

/** Maximum synonyms of one word: each costs a look-up. */
const SYNONYMS_MAX = 32

/** Folds an operator's synonyms, at most 32 for each word. */
export function createThesaurus({ equal, broader, ignored }: Synonyms): Thesaurus {
  const found = new Map<string, Map<string, readonly string[]>>()
  const add = (from: string, to: readonly string[]) => {
    const key = keyOf(from)
    const entries = found.get(key) ?? new Map<string, readonly string[]>()
    for (const entry of to) {
      const words = termsOf(entry)
      if (words.length > 0 && keyOf(entry) !== key && entries.size < SYNONYMS_MAX) entries.set(keyOf(entry), words)
    }
    found.set(key, entries)
  }
  for (const group of equal) for (const entry of group) add(entry, group)
  for (const { from, to } of broader) add(from, to)
  const words = new Set(ignored.map(keyOf))
  return {
    of: (word) => [...(found.get(word)?.values() ?? [])],
    isIgnored: (word) => words.has(word),
    words: [...found.keys()],
  }
}

const keyOf = (entry: string): string => joinWords(termsOf(entry))

/** Names of programming languages that are nothing without their signs. */
const SIGNED = /(?<![\p{L}\p{N}])(?:c\+\+|[cf]#|\.net(?![\p{L}\p{N}]))/giu
const SIGNS: Readonly<Record<string, string>> = { 'c++': 'cpp', 'c#': 'csharp', 'f#': 'fsharp', '.net': 'dotnet' }

/** The words of an entry or, if it has none, its emoji or symbols. */
export function termsOf(text: string): string[] {
  const words = wordsOf(text.replaceAll(SIGNED, (name) => SIGNS[name.toLowerCase()] ?? name))
  const emoji = emojiOf(text).filter((sign) => !/^[\p{L}\p{N}]/u.test(sign))
  if (words.length + emoji.length > 0) return [...words, ...emoji.map(withoutTone)]
  return signsOf(text)
}
