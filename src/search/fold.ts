/**
 * Words as documents and searches are compared by them. Both sides are folded here and nowhere else, so that neither the
 * database's locale nor its version of Unicode matters.
 */

/** Characters of a word; what is behind them is cut off on both sides. */
const WORD_MAX = 64
/** A part of a compound that is often written in one: log-in, e-mail, wi-fi, x-ray, t-shirt. */
const SHORT_PART = 3

/** Letters that do not decompose into a base and an accent. */
const PLAIN: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ħ: 'h', æ: 'ae', œ: 'oe', ς: 'σ' }

/**
 * Width, ligatures (NFKC), case and accents folded. Through capitals: they fold more than small letters do (ß to ss, dotless i).
 * Accents of Latin, Greek and Cyrillic letters go; marks that make another letter, as in Japanese or Hindi, stay.
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

/** What is written inside words without parting them: soft hyphens, joiners, apostrophes. */
const INVISIBLE = /[\u00ad\ufeff'’]|\u200c|\u200d/g
/** camelCase, HTMLParser, version2Icon. */
const CAMEL = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{N})(?=\p{Lu}\p{Ll})/u

/** The words of a text in their order, folded, in the singular: hyphens, underscores, punctuation and camel case part them. */
export const wordsOf = (text: string): string[] => chunksOf(text).flat()

/** The words of each stretch of letters and digits: more than one where camel case parts it. */
const chunksOf = (text: string): string[][] =>
  (
    text
      .normalize('NFKC')
      .replaceAll(INVISIBLE, '')
      .match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? []
  ).map((chunk) => chunk.split(CAMEL).map((word) => singularOf([...foldText(word)].slice(0, WORD_MAX).join(''))))

/** The words as one: `shopping cart` is `shoppingcart`. */
export const joinWords = (words: readonly string[]): string => [...words.join('')].slice(0, WORD_MAX).join('')

/** What a text is also found by: camel case in one word, and two words in one if either is short. */
export function compoundsOf(text: string): string[] {
  const chunks = chunksOf(text)
  const words = chunks.flat()
  const pairs = words.flatMap((word, at) => {
    const next = words[at + 1]
    return next && Math.min(word.length, next.length) <= SHORT_PART ? [joinWords([word, next])] : []
  })
  const humps = chunks.filter((chunk) => chunk.length > 1).map(joinWords)
  // Where a line may break, a word may go on.
  const broken = /[\u200b\u2060]/.test(text) ? wordsOf(text.replaceAll(/[\u200b\u2060]/g, '')) : []
  return [...pairs, ...humps, ...broken]
}

const EMOJI = /\p{RGI_Emoji}|\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3|\p{Extended_Pictographic}/gv

/** The emoji of a text, without the selectors that ask for a coloured drawing. */
export const emojiOf = (text: string): string[] => (text.match(EMOJI) ?? []).map(foldEmoji)
export const foldEmoji = (emoji: string): string => emoji.replaceAll(/[\ufe0e\ufe0f]/g, '')
/** The same in no skin tone. */
export const withoutTone = (emoji: string): string => emoji.replaceAll(/[\u{1f3fb}-\u{1f3ff}]/gu, '')

/** Signs that have names, for a search that has no word: see the file of synonyms. */
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
/** Singulars, and words that have none, which only look like plurals. */
const SINGULAR = new Set(
  'news lens canvas atlas gas bias series species christmas pancreas aries pliers chaos cosmos asbestos alas texas paris kansas arkansas honduras bahamas xmas always perhaps windows'.split(
    ' ',
  ),
)
const IE_WORD =
  /^(movie|cookie|pie|tie|zombie|smoothie|selfie|hoodie|brownie|calorie|genie|pixie|rookie|veggie|birdie|necktie|magpie)s$/

/** English plurals in the singular; another language's words that end in s lose it on both sides alike. */
export function singularOf(word: string): string {
  const irregular = IRREGULAR[word]
  if (irregular) return irregular
  if (!/^[a-z]{3,}s$/.test(word) || /(ss|us|is)$/.test(word) || SINGULAR.has(word)) return word
  if (word.endsWith('ies') && word.length > 4 && !IE_WORD.test(word)) return `${word.slice(0, -3)}y`
  if (/(ch|sh|ss|x|zz|[^aeiou]o)es$/.test(word)) return word.slice(0, -2)
  return word.slice(0, -1)
}
