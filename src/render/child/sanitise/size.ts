import { AppError } from '../../../core/errors.ts'
import { parseDeclarations, printDeclarations } from './css.ts'
import { LIMITS } from './limits.ts'
import type { Element, Findings } from './tree.ts'

/** CSS px of one of each unit; em and ex of the initial 16 px font. */
const PX: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  q: 96 / 101.6,
  in: 96,
  em: 16,
  rem: 16,
  ex: 8,
  ch: 8,
}
/** What usvg takes where nothing is stated. */
const DEFAULT_SIDE = 100
const LENGTH = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i

export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * The intrinsic size in CSS px: stated sides (attribute, or the root's own style), else the viewBox, else 100 x 100.
 * A side that is not stated follows the viewBox's ratio, as in browsers, or else the other side. Percentages, NaN,
 * zero, negative and infinite values count as unstated. Writes a finite width, height and viewBox onto the root, no
 * side above 4096 px, so that no engine allocates more than that. Throws TOO_LARGE where no box could show the picture.
 */
export function settleSize(root: Element, findings: Findings): Size {
  const { attributes } = root
  const box = viewBoxOf(attributes.get('viewBox'))
  const style = takeSizeFromStyle(root, findings)
  const statedWidth = toPx(style.width) ?? toPx(attributes.get('width'))
  const statedHeight = toPx(style.height) ?? toPx(attributes.get('height'))
  const ratio = box ? box.width / box.height : 1
  const width = statedWidth ?? (statedHeight ? statedHeight * ratio : (box?.width ?? DEFAULT_SIDE))
  const height = statedHeight ?? (statedWidth ? statedWidth / ratio : (box?.height ?? DEFAULT_SIDE))
  check({ width, height }, 'The document')
  if (box) check(box, 'The viewBox')
  const shrink = Math.min(1, LIMITS.side / Math.max(width, height))
  attributes.set('width', print(width, shrink, attributes.get('width')))
  attributes.set('height', print(height, shrink, attributes.get('height')))
  if (!box) attributes.set('viewBox', `0 0 ${width} ${height}`)
  return { width, height }
}

/** Four finite numbers of which the last two are positive; anything else states nothing. */
export function viewBoxOf(viewBox: string | undefined): Size | null {
  const numbers = viewBox?.trim().split(/\s*,\s*|\s+/) ?? []
  if (numbers.length !== 4 || !numbers.every((number) => LENGTH.exec(number)?.[0] === number)) return null
  const [x, y, width, height] = numbers.map(Number) as [number, number, number, number]
  const isUsable = [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0
  return isUsable ? { width, height } : null
}

/** CSS px of a length; null where it states none. */
export function toPx(length: string | undefined): number | null {
  const text = length?.trim().toLowerCase() ?? ''
  const number = LENGTH.exec(text)?.[0]
  if (number === undefined) return null
  const unit = text.slice(number.length).trim()
  const px = Number(number) * (Object.hasOwn(PX, unit) ? (PX[unit] ?? 0) : 0)
  return Number.isFinite(px) && px > 0 ? px : null
}

/** Lengths of the root's style count as CSS does, and leave it: librsvg would heed them against our attributes. */
function takeSizeFromStyle({ attributes }: Element, findings: Findings): { width?: string; height?: string } {
  const style = attributes.get('style')
  const size: { width?: string; height?: string } = {}
  if (!style || !/width|height/i.test(style)) return size
  const kept = parseDeclarations(style, findings).filter(({ property, value }) => {
    const name = property.toLowerCase()
    if (name !== 'width' && name !== 'height') return !/^(?:min|max)-(?:width|height)$/.test(name)
    size[name] = value.replace(/\s*!\s*important$/i, '')
    return false
  })
  if (kept.length > 0) attributes.set('style', printDeclarations(kept))
  else attributes.delete('style')
  return size
}

function check({ width, height }: Size, what: string): void {
  const [small, large] = width < height ? [width, height] : [height, width]
  if (small >= LIMITS.unitMin && large <= LIMITS.unitMax && large / small <= LIMITS.ratio) return
  throw new AppError(
    'TOO_LARGE',
    `${what} is ${width} x ${height}: one side vanishes beside the other, or both are beyond any picture.`,
  )
}

/** As it was written where that is plain px already. */
function print(px: number, shrink: number, written: string | undefined): string {
  if (shrink === 1 && written !== undefined && Number(written) === px) return written
  return String(shrink === 1 ? px : Number((px * shrink).toPrecision(9)))
}
