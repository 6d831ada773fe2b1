/** A flag is found by its region's name in these languages and in the region's own. */
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
/** Regional indicator symbols represent the letters A to Z. */
const [INDICATOR_A, LETTER_A] = [0x1f1e6, 0x41]

const namesIn = (language: string) => new Intl.DisplayNames(language, { type: 'region', fallback: 'none' })
const displays = new Map<string, Intl.DisplayNames>()
const known = new Map<string, readonly string[]>()

/** The emoji flag of a two-letter ISO 3166-1 code; null for anything else. */
export function flagOf(code: string): string | null {
  const letters = code.toUpperCase()
  if (!/^[A-Z]{2}$/.test(letters) || nameOf('en', letters) === undefined) return null
  return String.fromCodePoint(...[...letters].map((letter) => letter.charCodeAt(0) - LETTER_A + INDICATOR_A))
}

/** The names of a flag's region: its code, its names in common languages and in its own. Empty for any other emoji. */
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
