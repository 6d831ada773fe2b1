import type { PlaceholderData } from '../messages.ts'
import type { Colour, Raster } from './pixels.ts'

const COLOURS_MAX = 5
/** A smaller share of what is drawn counts as an edge or a detail. */
const SHARE_MIN = 0.02
/** Colours that differ by at most this much in each channel count as one. */
const NEAR = 40
/** The share that a single colour must have: everything but the edges of a drawing. */
const MONOCHROME_SHARE = 0.95
/** The share of a picture's square that its art must fill. Higher for silhouettes, whose colour depends on the theme. */
const FILLING_SHARE = { monochrome: 0.9, coloured: 0.5 } as const

type Bin = [weight: number, red: number, green: number, blue: number]

/** The main colours of a small drawing on a transparent background, and whether they fill most of its square. */
export function coloursOf(raster: Raster): Pick<PlaceholderData, 'palette' | 'isMonochrome' | 'fillsGround'> {
  const bins = binsOf(raster)
  const all = bins.reduce((sum, [weight]) => sum + weight, 0)
  const merged = mergeNear(bins)
  const palette = merged
    .map((bin) => ({ color: hexOf(meanOf(bin)), share: Math.round((bin[0] / all) * 1000) / 1000 }))
    .filter(({ share }) => share >= SHARE_MIN)
    .slice(0, COLOURS_MAX)
  const isMonochrome = (merged[0]?.[0] ?? 0) >= MONOCHROME_SHARE * all
  const share = FILLING_SHARE[isMonochrome ? 'monochrome' : 'coloured']
  const square = Math.max(raster.width, raster.height) ** 2
  return { palette, isMonochrome, fillsGround: all >= share * square * 255 }
}

/** A histogram with 512 bins of colour, weighted by alpha, fullest first. */
function binsOf({ pixels }: Raster): Bin[] {
  const bins = new Map<number, Bin>()
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3] as number
    if (alpha === 0) continue
    const [red, green, blue] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number]
    const key = ((red >> 5) << 6) | ((green >> 5) << 3) | (blue >> 5)
    const bin = bins.get(key)
    if (!bin) bins.set(key, [alpha, red * alpha, green * alpha, blue * alpha])
    else {
      bin[0] += alpha
      bin[1] += red * alpha
      bin[2] += green * alpha
      bin[3] += blue * alpha
    }
  }
  return [...bins.values()].sort((a, b) => b[0] - a[0])
}

/** Merges each bin into the first fuller one that is close, so that a colour at the border of two bins counts as one. */
function mergeNear(bins: readonly Bin[]): Bin[] {
  const merged: { bin: Bin; colour: Colour }[] = []
  for (const bin of bins) {
    const colour = meanOf(bin)
    const near = merged.find((other) => other.colour.every((value, at) => Math.abs(value - (colour[at] ?? 0)) <= NEAR))
    if (near) near.bin[0] += bin[0]
    else merged.push({ bin: [...bin], colour })
  }
  return merged
    .map(({ bin, colour }): Bin => {
      const [weight] = bin
      return [weight, colour[0] * weight, colour[1] * weight, colour[2] * weight]
    })
    .sort((a, b) => b[0] - a[0])
}

const meanOf = ([weight, red, green, blue]: Bin): Colour => [red / weight, green / weight, blue / weight]

const hexOf = (colour: Colour): string =>
  `#${colour.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`
