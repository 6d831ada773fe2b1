import { cssCalc } from './libraries.ts'
import { type Context, type Parse, print, type Value } from './values.ts'

/** CSS px per absolute unit. */
const PX: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  q: 96 / 101.6,
  in: 96,
}

/** Which dimension of the viewport a percentage refers to: width, height or diagonal; `em`: the font size. */
export type Axis = 'x' | 'y' | 'other' | 'em'

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i
const PLAIN = /^[+-]?(?:\d+|\d*\.\d+)$/
const MATH = /^(?:calc|min|max|clamp|round|abs|hypot|mod|rem|sign|sqrt|pow)\(/i

/** A length in px, with any unit or calc(); percentages are of the axis. Kept as written if it is plain px. */
export const length =
  (axis: Axis, isValid: (px: number) => boolean = () => true): Parse =>
  (text) => {
    if (PLAIN.test(text)) return isValid(Number(text)) ? text : null
    const trimmed = text.trim()
    const number = NUMBER.exec(trimmed)?.[0]
    if (number === undefined) return MATH.test(trimmed) ? (context) => math(trimmed, axis, context) : null
    const unit = trimmed.slice(number.length).toLowerCase()
    const absolute = Object.hasOwn(PX, unit) ? PX[unit] : undefined
    if (absolute !== undefined) return printed(Number(number) * absolute, isValid)
    if (!isRelative(unit) || !isValid(Number(number))) return null
    return (context) => relative(Number(number), unit, { axis, context })
  }

export const notNegative = (px: number): boolean => px >= 0

function printed(px: number, isValid: (px: number) => boolean): Value | null {
  return Number.isFinite(px) && isValid(px) ? print(px) : null
}

const isRelative = (unit: string): boolean =>
  unit === '%' || /^(?:r?em|r?ex|r?ch|r?ic|r?lh|[sld]?v(?:w|h|i|b|min|max))$/.test(unit)

/** Printed px; a percentage is kept if its viewport is unknown. */
function relative(number: number, unit: string, { axis, context }: { axis: Axis; context: Context }): string | null {
  if (unit === '%' && context.viewport === null && axis !== 'em') return `${print(number)}%`
  const px = number * pxOf(unit, axis, context)
  return Number.isFinite(px) ? print(px) : null
}

/** px of a relative unit. In the bundled font, ex is about half and ch 0.64 of an em. */
function pxOf(unit: string, axis: Axis, { fontSize, rootFontSize, viewport, page }: Context): number {
  if (unit === '%') {
    if (axis === 'em') return fontSize / 100
    const { width, height } = viewport ?? page
    if (axis === 'x') return width / 100
    return (axis === 'y' ? height : Math.hypot(width, height) / Math.SQRT2) / 100
  }
  const em = unit.startsWith('r') ? rootFontSize : fontSize
  if (unit.endsWith('em') || unit.endsWith('ic')) return em
  if (unit.endsWith('ex')) return em * X_HEIGHT
  if (unit.endsWith('ch')) return em * ZERO_WIDTH
  if (unit.endsWith('lh')) return em * LINE_HEIGHT
  if (unit.endsWith('min')) return Math.min(page.width, page.height) / 100
  if (unit.endsWith('max')) return Math.max(page.width, page.height) / 100
  return (/[wi]$/.test(unit) ? page.width : page.height) / 100
}

/** Of the default sans serif, in em. */
const X_HEIGHT = 0.547
const ZERO_WIDTH = 0.636
const LINE_HEIGHT = 1.164

/** Converts each unit to px, then evaluates the calc() with the library. */
function math(text: string, axis: Axis, context: Context): string | null {
  if (text.length > MATH_MAX_CHARS) return null
  const inPx = text.replaceAll(
    /(?<![\w.-])([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%|[a-z]+)/gi,
    (written, number, unit) => {
      const name = String(unit).toLowerCase()
      const absolute = Object.hasOwn(PX, name) ? PX[name] : undefined
      if (absolute !== undefined) return `${Number(number) * absolute}px`
      return isRelative(name) ? `${Number(number) * pxOf(name, axis, context)}px` : written
    },
  )
  const result = cssCalc().calc(inPx)
  const px = NUMBER.exec(result)?.[0]
  if (px === undefined || !/^(?:px)?$/.test(result.slice(px.length))) return null
  return Number.isFinite(Number(px)) ? print(Number(px)) : null
}

const MATH_MAX_CHARS = 1000

/** A number or a percentage, clamped to [0, 1]. */
export const share: Parse = (text) => {
  const trimmed = text.trim()
  const number = NUMBER.exec(trimmed)?.[0]
  if (number === undefined) {
    if (!MATH.test(trimmed)) return null
    const result = Number(cssCalc().calc(trimmed.slice(0, MATH_MAX_CHARS)))
    return Number.isFinite(result) ? print(Math.min(1, Math.max(0, result))) : null
  }
  const unit = trimmed.slice(number.length)
  if (unit !== '' && unit !== '%') return null
  const value = unit === '%' ? Number(number) / 100 : Number(number)
  return value >= 0 && value <= 1 && unit === '' && PLAIN.test(text) ? text : print(Math.min(1, Math.max(0, value)))
}

/** CSS px of a positive length, `em` of the initial 16 px font; null if there is no valid one. */
export function toPx(text: string | undefined): number | null {
  const trimmed = text?.trim().toLowerCase() ?? ''
  const number = NUMBER.exec(trimmed)?.[0]
  if (number === undefined) return null
  const unit = trimmed.slice(number.length).trim()
  const one = Object.hasOwn(PX, unit) ? PX[unit] : EM[unit]
  const px = Number(number) * (one ?? 0)
  return Number.isFinite(px) && px > 0 ? px : null
}

const EM: Readonly<Record<string, number>> = { em: 16, rem: 16, ex: 8, ch: 8 }

/** The number of an already printed px value. */
export const px = (printed: string | undefined, fallback = 0): number => {
  const number = printed === undefined ? Number.NaN : Number.parseFloat(printed)
  return Number.isFinite(number) ? number : fallback
}
