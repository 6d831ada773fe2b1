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

/** Frees the raster's memory, which would otherwise stay until a garbage collection. The raster must not be used afterwards. */
export function release({ pixels }: Raster): void {
  if (pixels.buffer instanceof ArrayBuffer && pixels.buffer.byteLength === pixels.byteLength) pixels.buffer.transfer(0)
}

/** Every pixel as one number in the machine's byte order: for comparing, counting and copying, not for reading channels. */
export const asUint32 = ({ pixels }: Raster): Uint32Array =>
  new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength >> 2)

/** Centres the raster on a canvas of one colour (null: transparent); returns the raster itself if it fills it. */
export function centre(raster: Raster, canvas: { width: number; height: number; background: Colour | null }): Raster {
  const { width, height, background } = canvas
  if (raster.width === width && raster.height === height) return raster
  const centred = { pixels: new Uint8Array(width * height * 4), width, height }
  const [from, to] = [asUint32(raster), asUint32(centred)]
  if (background) to.fill(opaque(background))
  // Rounded as `contain` in fit.ts expects.
  const left = Math.round((width - raster.width) / 2)
  const top = Math.round((height - raster.height) / 2)
  for (let row = 0; row < raster.height; row++) {
    to.set(from.subarray(row * raster.width, (row + 1) * raster.width), (top + row) * width + left)
  }
  return centred
}

/** A colour as one pixel of `asUint32`. */
export const opaque = ([red, green, blue]: Colour): number =>
  new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0] ?? 0

/** Composites the raster onto a colour, in place. Most pixels of flat art are transparent or opaque and only cost a comparison. */
export function paintOn(raster: Raster, background: Colour): Raster {
  const { pixels } = raster
  const [red, green, blue] = background
  const all = asUint32(raster)
  const bare = opaque(background)
  for (let index = 0, at = 0; index < all.length; index++, at += 4) {
    const alpha = pixels[at + 3] as number
    if (alpha === 255) continue
    if (alpha === 0) {
      all[index] = bare
      continue
    }
    const rest = 255 - alpha
    pixels[at] = div255((pixels[at] as number) * alpha + red * rest)
    pixels[at + 1] = div255((pixels[at + 1] as number) * alpha + green * rest)
    pixels[at + 2] = div255((pixels[at + 2] as number) * alpha + blue * rest)
    pixels[at + 3] = 255
  }
  return raster
}

export const isClear = (raster: Raster): boolean => asUint32(raster).every((colour) => colour === 0)

/** The visible pixels of a raster that is composited onto many others: only these are visited. */
export interface OverlayMask {
  readonly raster: Raster
  /** The index of each pixel that is not transparent. */
  readonly visible: Uint32Array
}

export function toOverlayMask(raster: Raster): OverlayMask {
  const visible: number[] = []
  for (let index = 0; index < raster.width * raster.height; index++)
    if (raster.pixels[index * 4 + 3] !== 0) visible.push(index)
  return { raster, visible: Uint32Array.from(visible) }
}

/**
 * Composites a mask of the same size onto the raster (source over).
 * @param into the buffer for the result, reused: allocating a megabyte per picture would cost zeroing and a collection
 */
export function overlay(raster: Raster, mask: OverlayMask, into: Uint8Array): Raster {
  const pixels = into
  pixels.set(raster.pixels)
  const over = mask.raster.pixels
  for (const index of mask.visible) {
    const at = index * 4
    const alpha = over[at + 3] as number
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
