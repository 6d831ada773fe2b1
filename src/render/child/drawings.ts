import sharp from 'sharp'
import type { Engine } from '../messages.ts'
import { isHeavy } from './engine.ts'
import { contain } from './fit.ts'
import type { Size } from './normalise/box.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'
import { type Colour, paintOn, type Raster } from './pixels.ts'
import { type Canvas, rasterise } from './rasterise.ts'

/** What heavy art is drawn at, once. */
const LARGE: Canvas = { width: 512, height: 512, padding: 0, fit: 'contain', color: null }

/**
 * Draws one document at all sizes that are wanted. Heavy art is drawn once, at 512 px, and shrunk for what is smaller: for it
 * that is as faithful, and an engine takes as long for 64 px as for 512. The same picture comes out whatever else is asked for.
 */
export function openDrawings(document: NormalisedSvg, engine: Engine) {
  let large: Promise<Raster> | undefined

  return async function draw(canvas: Canvas, background: Colour | null): Promise<Raster> {
    if (!isHeavy(document) || !isFromLarge(canvas)) return await rasterise(document, { canvas, engine, background })
    large ??= rasterise(document, { canvas: LARGE, engine, background: null })
    const raster = await shrink(await large, contain(document, canvas))
    return background ? paintOn(raster, background) : raster
  }
}

const isFromLarge = ({ width, height, padding, fit, color }: Canvas): boolean =>
  width <= LARGE.width && height <= LARGE.height && padding === 0 && fit === 'contain' && color === null

/** A raster of its own, to be painted on. */
async function shrink({ pixels, width, height }: Raster, to: Size): Promise<Raster> {
  if (to.width === width && to.height === height) return { pixels: new Uint8Array(pixels), width, height }
  const data = await sharp(pixels, { raw: { width, height, channels: 4 } })
    .resize(to.width, to.height, { fit: 'fill', kernel: 'mitchell' })
    .raw()
    .toBuffer()
  // Copied: pixels are read as whole words, which wants them aligned.
  return { pixels: new Uint8Array(data), ...to }
}
