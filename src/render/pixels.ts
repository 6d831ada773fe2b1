/** Straight (not premultiplied) RGBA, 4 bytes a pixel, row by row. Sizes in px. */
export interface Raster {
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
}

/** `[red, green, blue]`, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number]

export const parseHex = (hex: string): Colour => {
  const value = Number.parseInt(hex.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** Every pixel as one number, in the machine's byte order: to compare, count and copy them, not to look inside. */
export const words = ({ pixels }: Raster): Uint32Array =>
  new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength >> 2)

const wordOf = (red: number, green: number, blue: number, alpha: number): number =>
  new Uint32Array(Uint8Array.of(red, green, blue, alpha).buffer)[0] ?? 0

export const blank = (width: number, height: number): Raster => ({
  pixels: new Uint8Array(width * height * 4),
  width,
  height,
})

/** The raster in the middle of a transparent canvas; itself where it fills it. */
export function centre(raster: Raster, width: number, height: number): Raster {
  if (raster.width === width && raster.height === height) return raster
  const canvas = blank(width, height)
  const [from, to] = [words(raster), words(canvas)]
  // Rounded as `contain` in fit.ts expects.
  const left = Math.round((width - raster.width) / 2)
  const top = Math.round((height - raster.height) / 2)
  for (let row = 0; row < raster.height; row++) {
    to.set(from.subarray(row * raster.width, (row + 1) * raster.width), (top + row) * width + left)
  }
  return canvas
}

/** A copy of the raster laid on a colour, opaque. Most pixels of flat art are clear or opaque and cost a comparison. */
export function paintOn(raster: Raster, [red, green, blue]: Colour): Raster {
  const pixels = new Uint8Array(raster.pixels)
  const opaque = { ...raster, pixels }
  const all = words(opaque)
  const background = wordOf(red, green, blue, 255)
  for (let index = 0, at = 0; index < all.length; index++, at += 4) {
    const alpha = pixels[at + 3] as number
    if (alpha === 255) continue
    if (alpha === 0) {
      all[index] = background
      continue
    }
    const rest = 255 - alpha
    pixels[at] = div255((pixels[at] as number) * alpha + red * rest)
    pixels[at + 1] = div255((pixels[at + 1] as number) * alpha + green * rest)
    pixels[at + 2] = div255((pixels[at + 2] as number) * alpha + blue * rest)
    pixels[at + 3] = 255
  }
  return opaque
}

/** A copy of the raster under another of the same size (source over). */
export function overlay(raster: Raster, top: Raster): Raster {
  const pixels = new Uint8Array(raster.pixels)
  const over = top.pixels
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = over[at + 3] as number
    if (alpha === 0) continue
    const below = div255((pixels[at + 3] as number) * (255 - alpha))
    const sum = alpha + below
    for (let channel = at; channel < at + 3; channel++) {
      pixels[channel] = Math.round(((over[channel] as number) * alpha + (pixels[channel] as number) * below) / sum)
    }
    pixels[at + 3] = sum
  }
  return { ...raster, pixels }
}

/** x / 255, rounded, for 0 <= x <= 255 * 255. */
const div255 = (x: number): number => ((x + 128) * 257) >>> 16

const TABLE = 1024

/** True when the raster has at most 256 colours. Stops at the first one too many. */
export function isFlat(raster: Raster): boolean {
  // Open addressing on a table of four times the size: a Set costs six times as much on anti-aliased art.
  const table = new Uint32Array(TABLE)
  let count = 0
  let hasZero = false
  let last = 0
  for (const colour of words(raster)) {
    if (colour === last) continue
    last = colour
    if (colour === 0) {
      hasZero = true
      continue
    }
    let slot = Math.imul(colour, 0x9e3779b1) >>> 22
    while (table[slot] !== 0 && table[slot] !== colour) slot = (slot + 1) % TABLE
    if (table[slot] === colour) continue
    table[slot] = colour
    if (++count > 256) return false
  }
  return count + (hasZero || last === 0 ? 1 : 0) <= 256
}
