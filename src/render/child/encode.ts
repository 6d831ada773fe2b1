import sharp, { type Sharp } from 'sharp'
import type { ImageFormat, Preset } from '../../core/variant.ts'
import { isFlat, type Raster } from './pixels.ts'

// Parallelism is processes, one per core: libvips threads and caches would only compete with them.
sharp.concurrency(1)
sharp.cache(false)

export interface Encoded {
  readonly bytes: Buffer
  readonly lossless: boolean
}

/** Below 25 libwebp's lossless mode searches shorter chains: 4.6 ms instead of 7.5 on icons at 512 px for 8 % more bytes. */
const LOSSLESS_SEARCH = 20

/**
 * Encodes a finished picture. `auto` decides by the raster: up to 256 colours WebP's lossless mode is smaller than lossy
 * and quicker; above, lossy wins by far. AVIF's lossless mode never wins (flat art at 512 px: 20,544 B and 538 ms against
 * 4,606 B and 104 ms), PNG has no other. Effort 2 for lossy: effort 4 takes twice the time for 6 % fewer bytes (bench/README.md, render).
 */
export async function encode(
  raster: Raster,
  { encoding }: Pick<Preset, 'encoding'>,
  format: ImageFormat,
): Promise<Encoded> {
  const lossless =
    format === 'PNG' || encoding === 'lossless' || (encoding === 'auto' && format === 'WEBP' && isFlat(raster))
  const { width, height } = raster
  // An opaque alpha channel costs nothing: libwebp, libheif and libpng see that it is opaque, and taking it off is a copy.
  const image = sharp(raster.pixels, { raw: { width, height, channels: 4 } })
  return { bytes: await write(image, format, lossless).toBuffer(), lossless }
}

function write(image: Sharp, format: ImageFormat, lossless: boolean): Sharp {
  switch (format) {
    case 'WEBP':
      return lossless
        ? image.webp({ lossless: true, effort: 2, quality: LOSSLESS_SEARCH })
        : image.webp({ quality: 75, effort: 2 })
    case 'AVIF':
      return lossless ? image.avif({ lossless: true, effort: 2 }) : image.avif({ quality: 55, effort: 2 })
    case 'PNG':
      return image.png({ compressionLevel: 9 })
  }
}

/** Bytes of the tiny picture that stands for one that is not there yet. */
const TINY_MAX_BYTES = 300

/** A raster of at most 16 px a side as WebP of at most 300 bytes: noise gets a lower quality (at 1 the worst has some 180). */
export async function encodeTiny({ pixels, width, height }: Raster): Promise<Buffer> {
  const image = sharp(pixels, { raw: { width, height, channels: 4 } }).removeAlpha()
  const good = await image.webp({ quality: 40, effort: 2 }).toBuffer()
  return good.length <= TINY_MAX_BYTES ? good : await image.webp({ quality: 1, effort: 2 }).toBuffer()
}
