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

/** Shares of dulled pixels (shades.ts): above the first a lossy picture differs from its raster to the eye, above the other it may. */
const DULLED = 0.007
const MAYBE_DULLED = 0.002
/** Bytes of a lossy picture for each px of its side: above the first its noise is seen (12 kB at 512 px), above the other it may be. */
const DENSE = 23.5
const MAYBE_DENSE = 15.6
/** What a lossless picture of such art may take: bytes for each px of its side (61 kB at 512 px), or times the lossy one. */
const LOSSLESS_BYTES_MAX = 120
const LOSSLESS_RATIO_MAX = { sure: 3, maybe: 1.6 } as const

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
  const writeLossless = () => write(roundEdgeShades(raster), 'WEBP', true)
  const dulled = shareDulled(raster)
  const first = dulled > DULLED ? await writeLossless() : null
  if (first && first.length <= LOSSLESS_BYTES_MAX * side) return { bytes: first, lossless: true }
  const lossy = { bytes: await write(raster, 'WEBP', false), lossless: false }
  const bytes = lossy.bytes.length
  const isSure = first !== null || bytes > DENSE * side
  if (!isSure && (dulled <= MAYBE_DULLED || bytes <= MAYBE_DENSE * side)) return lossy
  const lossless = { bytes: first ?? (await writeLossless()), lossless: true }
  return lossless.bytes.length <= LOSSLESS_RATIO_MAX[isSure ? 'sure' : 'maybe'] * bytes ? lossless : lossy
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

/** Bytes of the tiny picture that stands for one that is not there yet. */
const TINY_MAX_BYTES = 300

/** An opaque raster of at most 16 px a side as WebP of at most 300 bytes: noise gets a lower quality (at 1 the worst has some 180). */
export async function encodeTiny({ pixels, width, height }: Raster): Promise<Buffer> {
  const image = sharp(pixels, { raw: { width, height, channels: 4 } })
  const good = await image.webp({ quality: 40, effort: 2 }).toBuffer()
  return good.length <= TINY_MAX_BYTES ? good : await image.webp({ quality: 1, effort: 2 }).toBuffer()
}
