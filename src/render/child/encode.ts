import sharp from 'sharp'
import type { ImageFormat, Preset } from '../../core/variant.ts'
import type { Raster } from './pixels.ts'
import { chromaLoss, roundEdgeShades } from './shades.ts'
import { encodeIndexed } from './vp8l/encode.ts'
import { toIndexed } from './vp8l/indexed.ts'

// Parallelism is processes, one per core: libvips threads and caches would only compete with them.
sharp.concurrency(1)
sharp.cache(false)

export interface Encoded {
  readonly bytes: Buffer
  readonly lossless: boolean
}

/** Below 25, libwebp's lossless mode searches shorter chains: 4.6 ms instead of 7.5 on icons at 512 px for 8 % more bytes. */
const LOSSLESS_SEARCH = 20

/**
 * Fractions of pixels with visible chroma loss (shades.ts): above the first a lossy picture visibly differs from its raster, above the
 * second it may.
 */
const CHROMA_LOSS = 0.0075
const MAYBE_CHROMA_LOSS = 0.002
/** Bytes of a lossy picture per px of its side: above the first its noise is visible (12 kB at 512 px), above the second it may be. */
const DENSE = 23.5
const MAYBE_DENSE = 15.6
/** Size limits of a lossless picture of such art: bytes per px of its side (64 kB at 512 px), and a multiple of the lossy size. */
const LOSSLESS_BYTES_MAX = 125
const LOSSLESS_RATIO_MAX = { sure: 3, maybe: 1.5 } as const

/**
 * Encodes a finished picture. `auto` chooses by the raster, for WebP: up to 256 colours the lossless mode is smaller and faster than
 * lossy (vp8l/encode.ts, or libwebp for the densest); above, lossy is much smaller. But lossy WebP stores one chroma value for four
 * pixels, which is visible in one in eight pieces of clip art with more colours: thin, saturated and dense art is therefore also encoded
 * losslessly, with shades along edges rounded, unless that is too large. AVIF's lossless mode is never better (flat art at 512 px:
 * 20,544 B and 538 ms against 4,606 B and 104 ms), and PNG is always lossless.
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
  const indexed = toIndexed(raster)
  if (indexed) return { bytes: encodeIndexed(indexed) ?? (await write(raster, 'WEBP', true)), lossless: true }
  const side = Math.sqrt(raster.width * raster.height)
  const writeLossless = () => write(roundEdgeShades(raster), 'WEBP', true)
  const loss = chromaLoss(raster)
  const first = loss > CHROMA_LOSS ? await writeLossless() : null
  if (first && first.length <= LOSSLESS_BYTES_MAX * side) return { bytes: first, lossless: true }
  const lossy = { bytes: await write(raster, 'WEBP', false), lossless: false }
  const bytes = lossy.bytes.length
  const isSure = first !== null || bytes > DENSE * side
  if (!isSure && (loss <= MAYBE_CHROMA_LOSS || bytes <= MAYBE_DENSE * side)) return lossy
  const lossless = { bytes: first ?? (await writeLossless()), lossless: true }
  return lossless.bytes.length <= LOSSLESS_RATIO_MAX[isSure ? 'sure' : 'maybe'] * bytes ? lossless : lossy
}

/** Effort 2 for lossy: effort 4 takes twice the time for 6 % fewer bytes (bench/README.md, render). */
function write({ pixels, width, height }: Raster, format: ImageFormat, lossless: boolean): Promise<Buffer> {
  // An opaque alpha channel costs nothing: libwebp, libheif and libpng detect it, and removing it is a copy.
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
