import { colourHelpers, cssColour, cssTokens, cssValues } from './libraries.ts'
import { type Context, split, type Value } from './values.ts'

/**
 * Parses a colour as browsers do and prints it as `#rrggbb`, or `#rrggbbaa` if it is not opaque. CSS Color 4 and 5 functions are parsed
 * by @csstools/css-color-parser, the only library found that supports color-mix() and relative colours. Colours outside of sRGB are
 * clipped, as in Chromium. `currentColor` is kept if the document does not set it, because a preset may. Null if a browser would reject
 * the colour.
 */
export function colour(text: string): Value | null {
  const word = text.trim().toLowerCase()
  if (word.charCodeAt(0) === 35) return hex(word)
  const known = COMMON[word]
  if (known !== undefined) return known
  if (word === 'currentcolor') return ofContext
  if (!word.includes('(')) return named(word)
  const legacy = LEGACY.exec(word)
  if (legacy) {
    const [, red, green, blue] = legacy.map(Number) as [number, number, number, number]
    return printed([red, green, blue, 1])
  }
  if (word.length > COLOUR_MAX_CHARS) return null
  return CONTEXTUAL.test(word) ? (context) => compute(word, context) : compute(word, null)
}

const COLOUR_MAX_CHARS = 500
const CONTEXTUAL = /\bcurrentcolor\b/
/** The form of nearly every colour function found in practice. */
const LEGACY = /^rgb\(\s*(\d{1,4})\s*,\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\)$/

/** The most frequent names: with these, most icons never load the table of 148 names. */
const COMMON: Readonly<Record<string, string>> = {
  black: '#000000',
  white: '#ffffff',
  red: '#ff0000',
  gray: '#808080',
  grey: '#808080',
  transparent: '#00000000',
}

/** System colours of Chromium's light scheme, with the deprecated ones of CSS Color 4, appendix A. */
const SYSTEM: Readonly<Record<string, string>> = {
  '-webkit-link': '#0000ee',
  activeborder: '#000000',
  activecaption: '#ffffff',
  activetext: '#ff0000',
  appworkspace: '#ffffff',
  background: '#ffffff',
  buttonhighlight: '#efefef',
  buttonshadow: '#efefef',
  captiontext: '#000000',
  inactiveborder: '#000000',
  inactivecaption: '#ffffff',
  inactivecaptiontext: '#808080',
  infobackground: '#ffffff',
  infotext: '#000000',
  menu: '#ffffff',
  menutext: '#000000',
  scrollbar: '#ffffff',
  threeddarkshadow: '#000000',
  threedface: '#efefef',
  threedhighlight: '#000000',
  threedlightshadow: '#000000',
  threedshadow: '#000000',
  windowframe: '#000000',
  buttonborder: '#000000',
  buttonface: '#efefef',
  buttontext: '#000000',
  canvas: '#ffffff',
  canvastext: '#000000',
  field: '#ffffff',
  fieldtext: '#000000',
  graytext: '#808080',
  highlight: '#3367d1',
  highlighttext: '#ffffff',
  linktext: '#0000ee',
  mark: '#ffff00',
  marktext: '#000000',
  selecteditem: '#1967d2',
  selecteditemtext: '#ffffff',
  visitedtext: '#551a8b',
  window: '#ffffff',
  windowtext: '#000000',
}

const HEX = /^#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i

function hex(text: string): string | null {
  if (!HEX.test(text)) return null
  const full = text.length > 5 ? text : text.replaceAll(/[\da-f]/gi, '$&$&')
  const lower = full.toLowerCase()
  return lower.length === 9 && lower.endsWith('ff') ? lower.slice(0, 7) : lower
}

function named(word: string): string | null {
  if (Object.hasOwn(SYSTEM, word)) return SYSTEM[word] as string
  if (!/^[a-z]{3,20}$/.test(word)) return null
  const names: Readonly<Record<string, readonly number[]>> = colourHelpers().namedColors
  const channels = Object.hasOwn(names, word) ? names[word] : undefined
  return channels ? printed([channels[0] as number, channels[1] as number, channels[2] as number, 1]) : null
}

const ofContext = ({ color }: Context): string => (color !== null && color.length === 9 ? color : 'currentColor')

/** Nested functions may contain names that the library does not know. */
function compute(text: string, context: Context | null): string | null {
  const light = lightOf(text)
  const words = light.replaceAll(/(?<![\w-])[a-z]{3,20}(?![\w(-])/g, (word) =>
    word === 'currentcolor'
      ? (context?.color ?? '#000000')
      : Object.hasOwn(SYSTEM, word)
        ? (SYSTEM[word] as string)
        : word,
  )
  if (words !== text && !words.includes('(')) {
    const value = colour(words)
    return typeof value === 'function' ? 'currentColor' : value
  }
  // Browsers clamp saturation to 100 %.
  const limited = /^hsla?\(/.test(words) ? words.replaceAll(/\d{3,}(?:\.\d+)?%/g, '100%') : words
  const node = cssValues().parseComponentValue(cssTokens().tokenize({ css: limited }))
  const { color, serializeRGB } = cssColour()
  const data = node ? color(node) : false
  if (!data || typeof data.alpha !== 'number') return null
  const [red = 0, green = 0, blue = 0, alpha = 1] =
    serializeRGB(data, false)
      .toString()
      .match(/[\d.]+(?:e-\d+)?/g)
      ?.map(Number) ?? []
  return printed([red, green, blue, alpha])
}

/** Replaces `light-dark(a, b)` by a, wherever it occurs. */
function lightOf(text: string): string {
  let out = text
  for (let at = out.indexOf('light-dark('); at >= 0; at = out.indexOf('light-dark(', at)) {
    let depth = 0
    let end = at + 10
    do {
      if (out[end] === '(') depth++
      else if (out[end] === ')') depth--
      end++
    } while (end < out.length && depth > 0)
    out = out.slice(0, at) + (split(out.slice(at + 11, end - 1), ',')[0] ?? '') + out.slice(end)
  }
  return out
}

function printed([red, green, blue, alpha]: readonly [number, number, number, number]): string {
  const byte = (value: number) =>
    Math.round(Math.min(255, Math.max(0, value)))
      .toString(16)
      .padStart(2, '0')
  const opaque = `#${byte(red)}${byte(green)}${byte(blue)}`
  return alpha >= 1 ? opaque : opaque + byte(alpha * 255)
}

/** Splits `#rrggbbaa` into an opaque colour and its opacity. */
export function separate(colour: string): { opaque: string; alpha: number } {
  if (colour.length !== 9 || colour[0] !== '#') return { opaque: colour, alpha: 1 }
  return { opaque: colour.slice(0, 7), alpha: Number.parseInt(colour.slice(7), 16) / 255 }
}
