import sharp, { type Sharp } from 'sharp'
import type { ImageFormat, Preset } from '../variant.ts'
import type { Raster } from './rasterise.ts'

// Parallelism is processes, one per core: libvips threads and caches would only compete with them.
sharp.concurrency(1)
sharp.cache(false)

export interface Encoded {
  readonly bytes: Buffer
  readonly lossless: boolean
}

/** At most so many colours: lossless is smaller and quicker (docs of `encoding: auto` in the README). */
const FLAT_COLOURS_MAX = 256

/** Centres the raster in the preset's box, lays the watermark over it, and encodes it. */
export async function encode(
  raster: Raster,
  preset: Preset,
  options: { format: ImageFormat; watermark: Raster | null },
): Promise<Encoded> {
  const { format, watermark } = options
  let image = sharp(raster.pixels, { raw: { width: raster.width, height: raster.height, channels: 4 } })
  const clear = { r: 0, g: 0, b: 0, alpha: 0 }
  const left = Math.floor((preset.width - raster.width) / 2)
  const top = Math.floor((preset.height - raster.height) / 2)
  const right = preset.width - raster.width - left
  const bottom = preset.height - raster.height - top
  if (left || top || right || bottom)
    image = image.extend({ left, top, right, bottom, background: preset.background ?? clear })
  if (watermark) {
    const { pixels, width, height } = watermark
    image = image.composite([{ input: pixels, raw: { width, height, channels: 4 } }])
  }
  if (preset.background) image = image.removeAlpha()
  const lossless =
    format === 'PNG' || preset.encoding === 'lossless' || (preset.encoding === 'auto' && isFlat(raster.pixels))
  return { bytes: await write(image, format, lossless).toBuffer(), lossless }
}

function write(image: Sharp, format: ImageFormat, lossless: boolean): Sharp {
  switch (format) {
    case 'WEBP':
      return lossless ? image.webp({ lossless: true, effort: 1 }) : image.webp({ quality: 75, effort: 4 })
    case 'AVIF':
      return lossless ? image.avif({ lossless: true, effort: 2 }) : image.avif({ quality: 55, effort: 2 })
    case 'PNG':
      return image.png({ compressionLevel: 9 })
  }
}

/** True when the pixels have at most FLAT_COLOURS_MAX colours. Stops at the first one too many. */
export function isFlat(pixels: Buffer): boolean {
  const colours = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength >> 2)
  const seen = new Set<number>()
  let last = -1
  for (const colour of colours) {
    if (colour === last) continue
    last = colour
    seen.add(colour)
    if (seen.size > FLAT_COLOURS_MAX) return false
  }
  return true
}
