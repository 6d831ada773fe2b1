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
  const isUsable = [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0
  return isUsable ? { x, y, width, height } : null
}

/**
 * The intrinsic size in CSS px: the stated sides, else the viewBox. A missing side follows from the viewBox's ratio. Without a viewBox an
 * <img> has no ratio: missing sides are those of the box it fills, and the stated side is stretched to it. Writes a finite width, height
 * and viewBox onto the root, no side above 4096 px, so that no engine allocates more. Throws TOO_LARGE if no box could show the picture.
 * @param stated sides in px; null: not stated, or in percent
 */
export function resolveSize(root: Element, stated: { width: number | null; height: number | null }): Size {
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
  const isStretched = (statedWidth === null) !== (statedHeight === null)
  root.attributes.set(
    'viewBox',
    `0 0 ${printSide(statedWidth ?? PAGE_SIDE, 1)} ${printSide(statedHeight ?? PAGE_SIDE, 1)}`,
  )
  if (isStretched) root.attributes.set('preserveAspectRatio', 'none')
  return { width, height }
}

const usable = (side: number | null): number | null =>
  side !== null && side > 0 && Number.isFinite(side) ? side : null

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
