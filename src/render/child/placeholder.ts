import { rgbaToThumbHash } from 'thumbhash'
import { THEME_COLOURS, type Theme } from '../../core/transform-request.ts'
import type { PlaceholderData } from '../messages.ts'
import { coloursOf } from './palette.ts'
import { type Colour, parseHex, type Raster } from './pixels.ts'
import { encodeRamp, shadesOf } from './ramp.ts'
import { encodeTiny, fitTiny } from './tiny.ts'

/** ThumbHash keeps at most 7 x 7 frequencies, for which 16 px a side are enough. */
const SIDE_PX = 16

const themeOf = (theme: Theme) => {
  const { background, color } = THEME_COLOURS[theme]
  return { ground: background === null ? null : parseHex(background), ink: color === null ? null : parseHex(color) }
}
const [LIGHT, DARK, CLEAR] = [themeOf('LIGHT'), themeOf('DARK'), themeOf('TRANSPARENT')]

/**
 * ThumbHash (with alpha), colours and tiny pictures of a drawing on a transparent background.
 * @param options.hasInk whether parts of it are in currentColor
 * @param options.drawOnDark draws it in the dark theme's colour; null: that makes no difference
 */
export async function placeholderOf(
  raster: Raster,
  options: { hasInk: boolean; drawOnDark: () => Promise<Raster | null> },
): Promise<Omit<PlaceholderData, 'suitsAvif'>> {
  const shrinkTo = shrinker(raster)
  const small = shrinkTo(SIDE_PX)
  const thumbHash = Buffer.from(rgbaToThumbHash(small.width, small.height, small.pixels)).toString('base64')
  const colours = coloursOf(raster)
  return {
    thumbHash,
    dominantColor: dominantColour(small),
    ...(colours.isMonochrome ? inOneInk(shrinkTo, { ...colours, ...options }) : await inColours(shrinkTo, options)),
    ...colours,
  }
}

type Tiny = Pick<PlaceholderData, 'preview' | 'darkPreview' | 'clearPreview'>

/** The drawing with at most the given px per side. */
type ShrinkTo = (side: number) => Raster

function inOneInk(
  shrinkTo: ShrinkTo,
  { palette, hasInk }: { palette: PlaceholderData['palette']; hasInk: boolean },
): Tiny {
  const own = parseHex(palette[0]?.color ?? '#000000')
  const shadesAt = once((side) => shadesOf(shrinkTo(side)))
  const draw = ({ ground, ink }: typeof LIGHT) =>
    fitTiny((side) => encodeRamp(shadesAt(side), { ink: (hasInk && ink) || own, ground }))
  return { preview: draw(LIGHT), darkPreview: draw(DARK), clearPreview: draw(CLEAR) }
}

async function inColours(
  shrinkTo: ShrinkTo,
  { drawOnDark }: { drawOnDark: () => Promise<Raster | null> },
): Promise<Tiny> {
  const onDark = await drawOnDark()
  const shrinkDarkTo = onDark ? shrinker(onDark) : shrinkTo
  return {
    preview: await encodeTiny((side) => flatten(shrinkTo(side), LIGHT.ground)),
    darkPreview: await encodeTiny((side) => flatten(shrinkDarkTo(side), DARK.ground)),
    clearPreview: await encodeTiny(shrinkTo),
  }
}

/** Uses the background of the theme: with a transparent placeholder, the picture would flash when it loads. */
function flatten({ pixels, width, height }: Raster, matte: Colour | null): Raster {
  if (!matte) return { pixels, width, height }
  const flat = new Uint8Array(pixels.length)
  for (let at = 0; at < pixels.length; at += 4) {
    const share = (pixels[at + 3] as number) / 255
    for (let channel = 0; channel < 3; channel++)
      flat[at + channel] = (pixels[at + channel] as number) * share + (matte[channel] as number) * (1 - share)
    flat[at + 3] = 255
  }
  return { pixels: flat, width, height }
}

const shrinker = (raster: Raster): ShrinkTo => once((side) => shrink(raster, side))

/** Makes the value of each side once. */
function once<T>(make: (side: number) => T): (side: number) => T {
  const made = new Map<number, T>()
  return (side) => {
    const value = made.get(side) ?? make(side)
    made.set(side, value)
    return value
  }
}

/** Downscales to at most the given px per side; each pixel is the alpha-weighted mean of a 4 x 4 grid of samples. */
function shrink(raster: Raster, side: number): Raster {
  const scale = Math.min(1, side / Math.max(raster.width, raster.height))
  const width = Math.max(1, Math.round(raster.width * scale))
  const height = Math.max(1, Math.round(raster.height * scale))
  const pixels = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      pixels.set(
        mean(raster, { x: x / width, y: y / height, width: 1 / width, height: 1 / height }),
        (y * width + x) * 4,
      )
  }
  return { pixels, width, height }
}

const GRID = 4

/** The mean colour of a part of the raster, given as fractions of its sides. */
function mean(
  { pixels, width, height }: Raster,
  part: { x: number; y: number; width: number; height: number },
): number[] {
  let [red, green, blue, alpha] = [0, 0, 0, 0]
  for (let row = 0; row < GRID; row++) {
    const y = Math.floor((part.y + ((row + 0.5) / GRID) * part.height) * height)
    for (let column = 0; column < GRID; column++) {
      const x = Math.floor((part.x + ((column + 0.5) / GRID) * part.width) * width)
      const at = (y * width + x) * 4
      const weight = pixels[at + 3] as number
      red += (pixels[at] as number) * weight
      green += (pixels[at + 1] as number) * weight
      blue += (pixels[at + 2] as number) * weight
      alpha += weight
    }
  }
  return alpha === 0 ? [0, 0, 0, 0] : [red / alpha, green / alpha, blue / alpha, alpha / (GRID * GRID)]
}

/** The mean of the fullest of 512 colour bins, weighted by alpha: a colour that is in the picture, unlike the mean of all. */
function dominantColour({ pixels }: Raster): string {
  const bins = new Map<number, [weight: number, red: number, green: number, blue: number]>()
  for (let at = 0; at < pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.subarray(at, at + 4)
    if (alpha === 0) continue
    const key = ((red >> 5) << 6) | ((green >> 5) << 3) | (blue >> 5)
    const bin = bins.get(key) ?? [0, 0, 0, 0]
    bins.set(key, [bin[0] + alpha, bin[1] + red * alpha, bin[2] + green * alpha, bin[3] + blue * alpha])
  }
  const [weight, ...sums] = [...bins.values()].reduce((a, b) => (b[0] > a[0] ? b : a), [0, 0, 0, 0])
  return `#${sums
    .map((sum) =>
      Math.round(sum / (weight || 1))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}
