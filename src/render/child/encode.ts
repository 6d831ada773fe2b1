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
