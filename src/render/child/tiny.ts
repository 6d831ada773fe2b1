import sharp from 'sharp'
import type { Raster } from './pixels.ts'

/** Maximum bytes of the tiny picture in a placeholder: as a data URL it has at most 299 characters. */
const TINY_MAX_BYTES = 207
/** Noisy art gets a lower quality and, as a last resort, fewer pixels. */
const WEBP_TRIES = [
  { side: 16, quality: 40, alphaQuality: 60 },
  { side: 16, quality: 1, alphaQuality: 10 },
  { side: 12, quality: 1, alphaQuality: 5 },
  { side: 8, quality: 1, alphaQuality: 1 },
  { side: 4, quality: 1, alphaQuality: 1 },
]
const SIDES = [16, 12, 10, 8, 6, 4]

/** A WebP of at most TINY_MAX_BYTES. @param draw draws the picture with at most the given px per side */
export async function encodeTiny(draw: (side: number) => Raster): Promise<Buffer> {
  for (const { side, ...quality } of WEBP_TRIES) {
    const { pixels, width, height } = draw(side)
    const bytes = await sharp(pixels, { raw: { width, height, channels: 4 } })
      .webp({ ...quality, effort: 2 })
      .toBuffer()
    if (bytes.length <= TINY_MAX_BYTES) return bytes
  }
  throw new Error('a placeholder with 4 px per side is too large')
}

/** The encoded picture at the largest side at which it has at most TINY_MAX_BYTES. */
export function fitTiny(encodeAt: (side: number) => Buffer): Buffer {
  for (const side of SIDES) {
    const bytes = encodeAt(side)
    if (bytes.length <= TINY_MAX_BYTES) return bytes
  }
  throw new Error('a placeholder with 4 px per side is too large')
}
