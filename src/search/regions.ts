/** Languages whose names of regions a flag is found by, beside those of the region itself. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'sv', 'tr', 'ru', 'ar', 'hi', 'ja', 'ko', 'zh']
const ALSO: Readonly<Record<string, readonly string[]>> = {
  GB: ['UK', 'Great Britain', 'England'],
  US: ['USA', 'America'],
  NL: ['Holland'],
  AE: ['UAE', 'Emirates'],
  CZ: ['Czech Republic'],
  KR: ['Korea'],
  TR: ['Turkey'],
}
/** Regional indicator symbols stand for the letters A to Z. */
const [INDICATOR_A, LETTER_A] = [0x1f1e6, 0x41]

const namesIn = (language: string) => new Intl.DisplayNames(language, { type: 'region', fallback: 'none' })
const displays = new Map<string, Intl.DisplayNames>()
const known = new Map<string, readonly string[]>()

/** The emoji flag of a two-letter code of ISO 3166-1; null for what is none. */
export function flagOf(code: string): string | null {
  const letters = code.toUpperCase()
  if (!/^[A-Z]{2}$/.test(letters) || nameOf('en', letters) === undefined) return null
  return String.fromCodePoint(...[...letters].map((letter) => letter.charCodeAt(0) - LETTER_A + INDICATOR_A))
}

/** What the region of a flag is called: its code, its names in the languages of most visitors and in its own. Nothing for another emoji. */
export function regionNames(emoji: string): readonly string[] {
  const code = [...emoji]
    .map((sign) => String.fromCharCode((sign.codePointAt(0) ?? 0) - INDICATOR_A + LETTER_A))
    .join('')
  if (!/^[A-Z]{2}$/.test(code)) return []
  const found = known.get(code) ?? findNames(code)
  known.set(code, found)
  return found
}

function findNames(code: string): readonly string[] {
  const own = new Intl.Locale('und', { region: code }).maximize().language
  const names = [...LANGUAGES, own].map((language) => nameOf(language, code))
  return [...new Set([code, ...names.filter((name) => name !== undefined), ...(ALSO[code] ?? [])])]
}

function nameOf(language: string, code: string): string | undefined {
  const display = displays.get(language) ?? namesIn(language)
  displays.set(language, display)
  return display.of(code)
}
