import { AppError } from '../../../core/errors.ts'
import type { Box, Size } from './box.ts'
import { LIMITS } from './limits.ts'
import type { Element } from './tree.ts'
import { print } from './values.ts'

/** The box that Chromium gives the <img> in our reference pictures; sizes that a document does not state are relative to it. */
export const PAGE_SIDE = 512

/** Four finite numbers, the last two positive; anything else counts as not stated. */
export function viewBoxOf(viewBox: string | undefined): Box | null {
  const numbers = viewBox?.trim().split(/\s*,\s*|\s+/) ?? []
  if (numbers.length !== 4 || numbers.includes('')) return null
  const [x, y, width, height] = numbers.map(Number) as [number, number, number, number]
  const isBox = [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0
  return isBox ? { x, y, width, height } : null
}

/**
 * The intrinsic size in CSS px: the stated sides, else the viewBox. A missing side follows from the viewBox's ratio. Without a viewBox an
 * <img> has no ratio: missing sides are those of the box it fills, and the stated side is stretched to it. Writes a finite width, height
 * and viewBox onto the root, no side above 4096 px, so that no engine allocates more. Throws TOO_LARGE if no box could show the picture.
 */
export function resolveSize(root: Element, stated: { width: Side; height: Side }): Size {
  const box = viewBoxOf(root.attributes.get('viewBox'))
  // A picture that may be stretched has no ratio.
  const hasRatio = box !== null && !/^none\b/.test(root.attributes.get('preserveAspectRatio') ?? '')
  const ratio = hasRatio ? box.width / box.height : 1
  const statedWidth = usable(stated.width)
  const statedHeight = usable(stated.height)
  const free = hasRatio ? box : { width: PAGE_SIDE, height: PAGE_SIDE }
  const width = statedWidth ?? (statedHeight ? statedHeight * ratio : free.width)
  const height = statedHeight ?? (statedWidth ? statedWidth / ratio : free.height)
  check({ width, height }, 'The document')
  if (box) check(box, 'The viewBox')
  const shrink = Math.min(1, LIMITS.side / Math.max(width, height))
  root.attributes.set('width', printSide(width, shrink))
  root.attributes.set('height', printSide(height, shrink))
  if (box) return { width, height }
  const seen = { width: seenOf(stated.width), height: seenOf(stated.height) }
  const isStretched = Math.abs(seen.width * height - seen.height * width) > 1e-6 * seen.width * height
  root.attributes.set('viewBox', `0 0 ${printSide(seen.width, 1)} ${printSide(seen.height, 1)}`)
  if (isStretched) root.attributes.set('preserveAspectRatio', 'none')
  return { width, height }
}

/** A side as the root states it; NaN px if it does not. Percentages are of the page. */
export interface Side {
  readonly px: number
  readonly isRelative: boolean
}

const isUsable = (px: number): boolean => px > 0 && Number.isFinite(px)

const usable = ({ px, isRelative }: Side): number | null => (!isRelative && isUsable(px) ? px : null)

/** What is seen of a picture without a viewBox: half of the page for 50 %. */
const seenOf = ({ px }: Side): number => (isUsable(px) ? px : PAGE_SIDE)

export function check({ width, height }: Size, what: string): void {
  const [small, large] = width < height ? [width, height] : [height, width]
  if (small >= LIMITS.unitMin && large <= LIMITS.unitMax && large / small <= LIMITS.ratio) return
  throw new AppError(
    'TOO_LARGE',
    `${what} is ${width} x ${height}: one side is too small for the other, or both are too large.`,
  )
}

const printSide = (px: number, shrink: number): string =>
  shrink === 1 && px < 1e-5 ? px.toFixed(12) : print(px * shrink)
