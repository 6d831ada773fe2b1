/** How a document is fitted into a preset's box: numbers and attributes of the root element. Pure, sizes in px. */
import type { Box, Size } from './normalise/box.ts'

type Attributes = Readonly<Record<string, string>>

/**
 * The whole pixels that a document of this size covers when it is centred in the box at its own ratio. Edges are rounded as Chromium
 * rounds those of an `<img>` with `object-fit: contain`; the left one is then `Math.round((box.width - width) / 2)`. A side is at least
 * one pixel.
 */
export function contain(size: Size, box: Size): Size {
  const scale = Math.min(box.width / size.width, box.height / size.height)
  const snapped = (side: number, whole: number) => {
    const start = (whole - side) / 2
    return Math.max(1, Math.round(start + side) - Math.round(start))
  }
  return { width: snapped(size.width * scale, box.width), height: snapped(size.height * scale, box.height) }
}

/**
 * The root's attributes with which the document fills exactly `pixels`: one viewBox that shows what the viewport showed (with
 * preserveAspectRatio applied), stretched by less than a pixel. A letterbox made by the renderer would show art beyond the viewBox, and
 * sides of 255.75 px would have grey edges (test/fidelity.test.ts: flagpack-kn, whh-inbox).
 */
export function stretchTo(
  root: Attributes,
  options: { size: Size; pixels: Size; fit: 'contain' | 'cover' },
): Record<string, string> {
  const { size, pixels, fit } = options
  const seen = viewportOf(root, size)
  const { x, y, width, height } = fit === 'cover' ? cropTo(seen, pixels) : seen
  return {
    ...root,
    width: String(pixels.width),
    height: String(pixels.height),
    viewBox: `${x} ${y} ${width} ${height}`,
    preserveAspectRatio: 'none',
  }
}

/** The largest centred part that has the box's ratio. */
function cropTo({ x, y, width, height }: Box, box: Size): Box {
  const scale = Math.min(width / box.width, height / box.height)
  const [w, h] = [box.width * scale, box.height * scale]
  return { x: x + (width - w) / 2, y: y + (height - h) / 2, width: w, height: h }
}

/** The viewport's rectangle in the document's own units: the inverse of the transform in SVG 2, 8.2. */
function viewportOf(root: Attributes, size: Size): Box {
  const [x = 0, y = 0, width = size.width, height = size.height] = (root.viewBox ?? '')
    .trim()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number)
  const [, alignX = 'Mid', alignY = 'Mid', meet = 'meet'] =
    /^\s*x(Min|Mid|Max)Y(Min|Mid|Max)(?:\s+(meet|slice))?\s*$/.exec(root.preserveAspectRatio ?? '') ?? []
  const [scaleX, scaleY] = [size.width / width, size.height / height]
  const isStretched = /^\s*none\b/.test(root.preserveAspectRatio ?? '')
  if (isStretched || Math.abs(scaleX / scaleY - 1) < 1e-6) return { x, y, width, height }
  const scale = meet === 'slice' ? Math.max(scaleX, scaleY) : Math.min(scaleX, scaleY)
  const seen = { width: size.width / scale, height: size.height / scale }
  return {
    x: x + (width - seen.width) * SHARE_BEFORE[alignX as Align],
    y: y + (height - seen.height) * SHARE_BEFORE[alignY as Align],
    ...seen,
  }
}

type Align = 'Min' | 'Mid' | 'Max'
const SHARE_BEFORE: Record<Align, number> = { Min: 0, Mid: 0.5, Max: 1 }
