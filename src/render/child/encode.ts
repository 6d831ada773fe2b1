import sharp from 'sharp'
import type { ImageFormat, Preset } from '../../core/variant.ts'
import { isFlat, type Raster } from './pixels.ts'
import { roundEdgeShades, shareDulled } from './shades.ts'

// Parallelism is processes, one per core: libvips threads and caches would only compete with them.
sharp.concurrency(1)
sharp.cache(false)

export interface Encoded {
  readonly bytes: Buffer
  readonly lossless: boolean
}

/** Below 25 libwebp's lossless mode searches shorter chains: 4.6 ms instead of 7.5 on icons at 512 px for 8 % more bytes. */
const LOSSLESS_SEARCH = 20

/** Above this share of dulled pixels (shades.ts) a lossy picture differs from its raster to the eye. */
const DULLED_MAX = 0.007
/** Above these bytes for each px of its side lossy art is so dense that its noise is seen: 12 kB at 512 px. */
const DENSE_BYTES = 23.5
/** What a lossless picture of dense or dulled art may take: bytes for each px of its side (48 kB at 512 px), and times the lossy one. */
const LOSSLESS_MAX_BYTES = 94
const LOSSLESS_MAX_RATIO = 3

/**
 * Encodes a finished picture. `auto` decides by the raster, for WebP: up to 256 colours its lossless mode is smaller than lossy
 * and quicker; above, lossy wins by far. But lossy keeps one chroma for four pixels, and of clip art with more colours one in eight then
 * shows it: thin saturated and dense art is written losslessly too, shades along edges rounded, unless that is too large.
 * AVIF's lossless mode never wins (flat art at 512 px: 20,544 B and 538 ms against 4,606 B and 104 ms), PNG has no other.
 */
export async function encode(
  raster: Raster,
  { encoding }: Pick<Preset, 'encoding'>,
  format: ImageFormat,
): Promise<Encoded> {
  if (format === 'WEBP' && encoding === 'auto') return await encodeAuto(raster)
  const lossless = format === 'PNG' || encoding === 'lossless'
  return { bytes: await write(raster, format, lossless), lossless }
}

async function encodeAuto(raster: Raster): Promise<Encoded> {
  if (isFlat(raster)) return { bytes: await write(raster, 'WEBP', true), lossless: true }
  const side = Math.sqrt(raster.width * raster.height)
  const isDulled = shareDulled(raster) > DULLED_MAX
  const first = isDulled ? await write(roundEdgeShades(raster), 'WEBP', true) : null
  if (first && first.length <= LOSSLESS_MAX_BYTES * side) return { bytes: first, lossless: true }
  const lossy = await write(raster, 'WEBP', false)
  if (lossy.length <= DENSE_BYTES * side) return { bytes: lossy, lossless: false }
  const dense = first ?? (await write(roundEdgeShades(raster), 'WEBP', true))
  return dense.length <= LOSSLESS_MAX_RATIO * lossy.length
    ? { bytes: dense, lossless: true }
    : { bytes: lossy, lossless: false }
}

/** Effort 2 for lossy: effort 4 takes twice the time for 6 % fewer bytes (bench/README.md, render). */
function write({ pixels, width, height }: Raster, format: ImageFormat, lossless: boolean): Promise<Buffer> {
  // An opaque alpha channel costs nothing: libwebp, libheif and libpng see that it is opaque, and taking it off is a copy.
  const image = sharp(pixels, { raw: { width, height, channels: 4 } })
  switch (format) {
    case 'WEBP':
      return lossless
        ? image.webp({ lossless: true, effort: 2, quality: LOSSLESS_SEARCH }).toBuffer()
        : image.webp({ quality: 75, effort: 2 }).toBuffer()
    case 'AVIF':
      return image.avif(lossless ? { lossless: true, effort: 2 } : { quality: 55, effort: 2 }).toBuffer()
    case 'PNG':
      return image.png({ compressionLevel: 9 }).toBuffer()
  }
}
