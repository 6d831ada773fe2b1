import type { Parse } from './values.ts'

export const NUMBERS = /^[\s,\d.eE+-]*$/
export const numbers: Parse = (text) => (NUMBERS.test(text) ? text.trim() : null)
export const number: Parse = (text) => {
  const trimmed = text.trim()
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return null
  return Number.isFinite(Number(trimmed)) ? trimmed : null
}
/** The value of preserveAspectRatio. */
export const ratio: Parse = (text) => {
  const found = /^\s*(none|x(?:Min|Mid|Max)Y(?:Min|Mid|Max))(?:\s+(meet|slice))?\s*$/.exec(text)
  return found ? `${found[1]}${found[2] === undefined || found[1] === 'none' ? '' : ` ${found[2]}`}` : null
}
