import sharp from 'sharp'
import type { Engine } from '../messages.ts'
import { isCostly } from './engine.ts'
import { contain } from './fit.ts'
import type { Size } from './normalise/box.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'
import { type Colour, paintOn, type Raster } from './pixels.ts'
import { type Canvas, rasterise } from './rasterise.ts'

/** The size at which costly art is drawn once. */
const LARGE: Canvas = { width: 512, height: 512, padding: 0, fit: 'contain', color: null }

/**
 * Draws one document at all requested sizes. Costly art is drawn once, at 512 px, and downscaled: that is as faithful, and an engine takes
 * as long for 64 px as for 512. The result does not depend on which other sizes are requested.
 */
export function openDrawings(document: NormalisedSvg, engine: Engine) {
  let large: Promise<Raster> | undefined

  return async function draw(canvas: Canvas, background: Colour | null): Promise<Raster> {
    if (!isCostly(document, engine) || !isFromLarge(canvas))
      return await rasterise(document, { canvas, engine, background })
    large ??= rasterise(document, { canvas: LARGE, engine, background: null })
    const raster = await shrink(await large, contain(document, canvas))
    return background ? paintOn(raster, background) : raster
  }
}

const isFromLarge = ({ width, height, padding, fit, color }: Canvas): boolean =>
  width <= LARGE.width && height <= LARGE.height && padding === 0 && fit === 'contain' && color === null

/** Returns a new raster that may be painted on. */
async function shrink({ pixels, width, height }: Raster, to: Size): Promise<Raster> {
  if (to.width === width && to.height === height) return { pixels: new Uint8Array(pixels), width, height }
  const data = await sharp(pixels, { raw: { width, height, channels: 4 } })
    .resize(to.width, to.height, { fit: 'fill', kernel: 'mitchell' })
    .raw()
    .toBuffer()
  // Copied because asUint32 needs aligned memory.
  return { pixels: new Uint8Array(data), ...to }
}
