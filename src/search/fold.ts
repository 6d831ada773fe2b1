/**
 * The form in which the words of documents and searches are compared. Both sides are folded only here, so that neither the database's
 * locale nor its Unicode version matters.
 */

/** Maximum characters of a word; the rest is cut off in documents and searches alike. */
const WORD_MAX = 64
/** The maximum length of a short part in a compound often written as one word: log-in, e-mail, wi-fi, x-ray, t-shirt. */
const SHORT_PART = 3

/** Letters that do not decompose into a base letter and an accent. */
const PLAIN: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ħ: 'h', æ: 'ae', œ: 'oe', ς: 'σ' }

/**
 * Folds width, ligatures (NFKC), case and accents. It goes through upper case, which folds more than lower case does (ß to ss, dotless i).
 * Accents on Latin, Greek and Cyrillic letters are removed; marks that form another letter, as in Japanese or Hindi, stay.
 */
export const foldText = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replaceAll(/[øłđħæœς]/g, (letter) => PLAIN[letter] ?? letter)

/** Characters inside words that do not split them: soft hyphens, joiners, apostrophes. */
const INVISIBLE = /[\u00ad\ufeff'’]|\u200c|\u200d/g
/** Word boundaries in camelCase, HTMLParser, version2Icon. */
const CAMEL = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{N})(?=\p{Lu}\p{Ll})/u

/** The words of a text in order, folded and singular; hyphens, underscores, punctuation and camel case separate words. */
export const wordsOf = (text: string): string[] => chunksOf(text).flat()

/** The words of each run of letters and digits: more than one if it is in camel case. */
const chunksOf = (text: string): string[][] =>
  (
    text
      .normalize('NFKC')
      .replaceAll(INVISIBLE, '')
      .match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? []
  ).map((chunk) => chunk.split(CAMEL).map((word) => singularOf([...foldText(word)].slice(0, WORD_MAX).join(''))))

/** Joins the words into one: `shopping cart` becomes `shoppingcart`. */
export const joinWords = (words: readonly string[]): string => [...words.join('')].slice(0, WORD_MAX).join('')

/** Further words that find a text: camel case as one word, and two words as one if either is short. */
export function compoundsOf(text: string): string[] {
  const chunks = chunksOf(text)
  const words = chunks.flat()
  const pairs = words.flatMap((word, at) => {
    const next = words[at + 1]
    return next && Math.min(word.length, next.length) <= SHORT_PART ? [joinWords([word, next])] : []
  })
  const humps = chunks.filter((chunk) => chunk.length > 1).map(joinWords)
  // A word may continue after a possible line break.
  const broken = /[\u200b\u2060]/.test(text) ? wordsOf(text.replaceAll(/[\u200b\u2060]/g, '')) : []
  return [...pairs, ...humps, ...broken]
}

const EMOJI = /\p{RGI_Emoji}|\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3|\p{Extended_Pictographic}/gv

/** The emoji of a text, without the selectors that request a coloured presentation. */
export const emojiOf = (text: string): string[] => (text.match(EMOJI) ?? []).map(foldEmoji)
const foldEmoji = (emoji: string): string => emoji.replaceAll(/[\ufe0e\ufe0f]/g, '')
/** The same emoji without a skin tone. */
export const withoutTone = (emoji: string): string => emoji.replaceAll(/[\u{1f3fb}-\u{1f3ff}]/gu, '')

/** Symbols that have names, for a search without words; see the synonyms file. */
export const signsOf = (text: string): string[] => [...foldText(text)].filter((sign) => /[\p{S}\p{P}]/u.test(sign))

const IRREGULAR: Readonly<Record<string, string>> = {
  people: 'person',
  children: 'child',
  men: 'man',
  women: 'woman',
  mice: 'mouse',
  feet: 'foot',
  teeth: 'tooth',
  geese: 'goose',
  leaves: 'leaf',
  knives: 'knife',
  wolves: 'wolf',
  shelves: 'shelf',
  scarves: 'scarf',
  loaves: 'loaf',
  dice: 'die',
  buses: 'bus',
  shoes: 'shoe',
  toes: 'toe',
  caches: 'cache',
  axes: 'axe',
  lenses: 'lens',
  canvases: 'canvas',
}
/** Words that look like plurals but are singular or have no singular. */
const SINGULAR = new Set(
  'news lens canvas atlas gas bias series species christmas pancreas aries pliers chaos cosmos asbestos alas texas paris kansas arkansas honduras bahamas xmas always perhaps windows'.split(
    ' ',
  ),
)
const IE_WORD =
  /^(movie|cookie|pie|tie|zombie|smoothie|selfie|hoodie|brownie|calorie|genie|pixie|rookie|veggie|birdie|necktie|magpie)s$/

/** The singular of English plurals; words in other languages that end in s lose it in documents and searches alike. */
export function singularOf(word: string): string {
  const irregular = IRREGULAR[word]
  if (irregular) return irregular
  if (!/^[a-z]{3,}s$/.test(word) || /(ss|us|is)$/.test(word) || SINGULAR.has(word)) return word
  if (word.endsWith('ies') && word.length > 4 && !IE_WORD.test(word)) return `${word.slice(0, -3)}y`
  if (/(ch|sh|ss|x|zz|[^aeiou]o)es$/.test(word)) return word.slice(0, -2)
  return word.slice(0, -1)
}
