import { readFileSync } from 'node:fs'
import { toStorable } from './text.ts'

/** The words that searches match in addition to their own, from the operator's file. */
export interface Synonyms {
  /** Each of these also finds the others. */
  readonly equal: readonly (readonly string[])[]
  /** The first finds the others, but not the other way round. */
  readonly broader: readonly { readonly from: string; readonly to: readonly string[] }[]
  /** Words that carry no meaning next to others. */
  readonly ignored: readonly string[]
}

const NO_SYNONYMS: Synonyms = { equal: [], broader: [], ignored: [] }

const LINES_MAX = 10_000
const ENTRIES_MAX = 64

/**
 * Reads a synonyms file, one rule per line: `a = b = c`, `a > b, c`, `ignore a, b`; `//` starts a comment. All errors are listed in
 * `problems`, each with its line.
 */
export function readSynonyms(file: string): { synonyms: Synonyms; problems: string[] } {
  try {
    return parseSynonyms(readFileSync(file, 'utf8'))
  } catch (error) {
    return { synonyms: NO_SYNONYMS, problems: [`it cannot be read: ${(error as Error).message}`] }
  }
}

/** The same for the text of such a file. */
export function parseSynonyms(text: string): { synonyms: Synonyms; problems: string[] } {
  const problems: string[] = []
  const equal: string[][] = []
  const broader: { from: string; to: string[] }[] = []
  const ignored: string[] = []
  const lines = text.split(/\r?\n/)
  if (lines.length > LINES_MAX) problems.push(`it has ${lines.length} lines; at most ${LINES_MAX} are read.`)
  for (const [index, raw] of lines.slice(0, LINES_MAX).entries()) {
    const line = toStorable(raw.replace(/\/\/.*$/, '').trim())
    if (!line) continue
    const refuse = (what: string) =>
      problems.push(
        `line ${index + 1}, ${JSON.stringify(line.slice(0, 80))}: ${what}; write "a = b", "a > b, c" or "ignore a, b".`,
      )
    const [, words] = /^ignore\s+(.+)$/.exec(line) ?? []
    const isBroader = line.includes(' > ')
    const entries = (words ?? line)
      .split(words || isBroader ? /\s*,\s*|\s+>\s+/ : /\s+=\s+/)
      .map((entry) => entry.trim())
    if (entries.some((entry) => entry === '' || /^[=>]\s|\s[=>]$/.test(entry))) refuse('a word is missing')
    else if (entries.length > ENTRIES_MAX) refuse(`it has ${entries.length} words; at most ${ENTRIES_MAX} are allowed`)
    else if (words) ignored.push(...entries)
    else if (entries.length < 2) refuse('it has no other word')
    else if (isBroader) broader.push({ from: entries[0] ?? '', to: entries.slice(1) })
    else equal.push(entries)
  }
  return { synonyms: { equal, broader, ignored }, problems }
}
