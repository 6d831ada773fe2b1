import { asUint32, type Raster } from './pixels.ts'

/** Measures what lossy WebP does to thin or saturated art, and removes shades that nobody sees before lossless encoding. Pure. */

/** Squared distance in YIQ above which pixelmatch (threshold 0.1) counts a pixel as different. */
const VISIBLE = 352
const COUNTED = 4

/**
 * The fraction of pixels, 0 to 1, whose colour visibly changes when WebP stores one chroma value for each 2 x 2 of them. Blocks of one
 * colour, most of flat art, only cost a comparison.
 */
export function chromaLoss(raster: Raster): number {
  const { pixels, width, height } = raster
  const all = asUint32(raster)
  let loss = 0
  for (let y = 0; y + 1 < height; y += 2) {
    for (let x = 0; x + 1 < width; x += 2) {
      const at = y * width + x
      const colour = all[at]
      if (colour === all[at + 1] && colour === all[at + width] && colour === all[at + width + 1]) continue
      loss += pixelsWithLoss(pixels, [at * 4, at * 4 + 4, (at + width) * 4, (at + width) * 4 + 4])
    }
  }
  return loss / (width * height)
}

type Block = readonly [number, number, number, number]

/** How many of four pixels differ visibly from their mean chroma. */
function pixelsWithLoss(pixels: Uint8Array, block: Block): number {
  let [sumI, sumQ] = [0, 0]
  for (const at of block) {
    sumI += chromaI(pixels, at)
    sumQ += chromaQ(pixels, at)
  }
  let loss = 0
  for (const at of block) {
    const i = chromaI(pixels, at) - sumI / COUNTED
    const q = chromaQ(pixels, at) - sumQ / COUNTED
    if (0.299 * i * i + 0.1957 * q * q > VISIBLE) loss++
  }
  return loss
}

const luma = (pixels: Uint8Array, at: number): number =>
  0.299 * (pixels[at] as number) + 0.587 * (pixels[at + 1] as number) + 0.114 * (pixels[at + 2] as number)
const chromaI = (pixels: Uint8Array, at: number): number =>
  0.596 * (pixels[at] as number) - 0.2742 * (pixels[at + 1] as number) - 0.3218 * (pixels[at + 2] as number)
const chromaQ = (pixels: Uint8Array, at: number): number =>
  0.2115 * (pixels[at] as number) - 0.5226 * (pixels[at + 1] as number) + 0.3111 * (pixels[at + 2] as number)

/** Eight shades per channel: at most 18 off, which is not visible along an edge, to the eye or to pixelmatch. */
const FEW = 8
/** For pale thin lines, which are nothing but edges: there 18 off is a good part of their contrast. */
const MORE = 16
const tableOf = (shades: number): Uint8Array => {
  const step = 255 / (shades - 1)
  return Uint8Array.from({ length: 256 }, (_, value) => Math.round(Math.round(value / step) * step))
}
const TABLES = { [FEW]: tableOf(FEW), [MORE]: tableOf(MORE) } as const
/** Neighbours this close belong to one gradient. */
const NEAR = 6
/** Squared distance in YIQ: a sixth of what is visible by itself. */
const NOTICEABLE = 60
/** The fraction of the drawn pixels that may change noticeably: in one of 50 pieces of clip art more do. */
const NOTICEABLE_MAX = 0.14

/**
 * Rounds the shades along edges, which makes a lossless picture a third smaller. Flat areas and gradients are unchanged: a pixel is
 * rounded only if it equals none of its four neighbours and is far from one.
 */
export function roundEdgeShades(raster: Raster): Raster {
  const few = roundTo(raster, FEW)
  return few.noticeable > NOTICEABLE_MAX ? roundTo(raster, MORE).raster : few.raster
}

/** Also the fraction of the drawn pixels, those unlike the upper left one, that change noticeably. */
function roundTo(raster: Raster, shades: keyof typeof TABLES): { raster: Raster; noticeable: number } {
  const { width, height } = raster
  const pixels = new Uint8Array(raster.pixels)
  const all = asUint32(raster)
  const ground = all[0] as number
  let [drawn, changed] = [0, 0]
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const colour = all[at] as number
      if (colour === ground) continue
      if (isFar(colour, ground)) drawn++
      const left = x > 0 ? (all[at - 1] as number) : colour
      const right = x + 1 < width ? (all[at + 1] as number) : colour
      const above = y > 0 ? (all[at - width] as number) : colour
      const below = y + 1 < height ? (all[at + width] as number) : colour
      if (colour === left || colour === right || colour === above || colour === below) continue
      if (!(isFar(colour, left) || isFar(colour, right) || isFar(colour, above) || isFar(colour, below))) continue
      round(pixels, at * 4, TABLES[shades])
      if (distance(raster.pixels, pixels, at * 4) > NOTICEABLE) changed++
    }
  }
  return { raster: { ...raster, pixels }, noticeable: drawn === 0 ? 0 : changed / drawn }
}

/** Squared, in YIQ. */
function distance(before: Uint8Array, after: Uint8Array, at: number): number {
  const y = luma(after, at) - luma(before, at)
  const i = chromaI(after, at) - chromaI(before, at)
  const q = chromaQ(after, at) - chromaQ(before, at)
  return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q
}

/** In any of the three channels; their order does not matter. */
const isFar = (one: number, other: number): boolean =>
  Math.abs((one & 255) - (other & 255)) > NEAR ||
  Math.abs(((one >>> 8) & 255) - ((other >>> 8) & 255)) > NEAR ||
  Math.abs(((one >>> 16) & 255) - ((other >>> 16) & 255)) > NEAR

function round(pixels: Uint8Array, at: number, table: Uint8Array): void {
  for (let channel = at; channel < at + 3; channel++) pixels[channel] = table[pixels[channel] as number] as number
}
