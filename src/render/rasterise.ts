import { Resvg } from '@resvg/resvg-js'
import sharp from 'sharp'
import { AppError } from '../errors.ts'
import type { Preset } from '../variant.ts'
import { type Box, contain, stretchTo } from './fit.ts'
import { FONTS } from './fonts.ts'
import type { Engine } from './messages.ts'
import type { Raster } from './pixels.ts'
import type { SanitisedSvg } from './sanitise/sanitise.ts'

// Only the SVG loader is needed of libvips' many: pictures inside of a document are librsvg's own business.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['VipsForeignLoadSvg'] })

/** What decides the pixels of a raster: presets that share it share one drawing. */
export type Canvas = Pick<Preset, 'width' | 'height' | 'padding' | 'fit' | 'color'>

/**
 * Which engine draws a document: the one place where that is decided, by what the document is made of.
 * librsvg agrees with Chromium more often and does not abort on hostile art (numbers: bench/README.md, fidelity), but
 * finds fonts by the machine's fontconfig: what has text goes to resvg, which sees the fonts it is given only. So do
 * GIFs, which this librsvg does not decode.
 */
export function engineFor({ features, svg }: Pick<SanitisedSvg, 'features' | 'svg'>): Engine {
  return features.has('text') || svg.includes('data:image/gif') ? 'resvg' : 'librsvg'
}

/**
 * Draws the document on a transparent ground, as large as the canvas takes it. The raster is not larger than the canvas
 * less its padding; the caller centres it. Throws TOO_LARGE, UNSUPPORTED or BLANK.
 */
export async function rasterise(document: SanitisedSvg, canvas: Canvas): Promise<Raster & { engine: Engine }> {
  const box = { width: canvas.width - 2 * canvas.padding, height: canvas.height - 2 * canvas.padding }
  const pixels = canvas.fit === 'cover' ? box : contain(document, box)
  if (pixels.width < 1 || pixels.height < 1) {
    throw new AppError(
      'TOO_LARGE',
      `At ${document.width} x ${document.height} one side vanishes in ${box.width} x ${box.height} px.`,
    )
  }
  const engine = engineFor(document)
  const at = (size: Box) =>
    document.withRoot((root) => ({
      ...stretchTo(root, { size: document, pixels, fit: canvas.fit }),
      ...(canvas.color ? { color: canvas.color } : {}),
      width: String(size.width),
      height: String(size.height),
    }))
  const drawn = await (engine === 'librsvg' ? drawWithLibrsvg(at, pixels) : drawWithResvg(at, pixels))
  if (!drawn.some((byte) => byte !== 0)) throw new AppError('BLANK', 'Nothing of the document is visible.')
  return { pixels: drawn, ...pixels, engine }
}

type PrintAt = (size: Box) => string

/** The dpi at which librsvg's mm and pt are those of CSS. It scales the picture by dpi / 72, hence the smaller size. */
const DPI = 96

async function drawWithLibrsvg(at: PrintAt, { width, height }: Box): Promise<Uint8Array> {
  const svg = Buffer.from(at({ width: (width * 72) / DPI, height: (height * 72) / DPI }))
  const { data, info } = await sharp(svg, { density: DPI }).raw().toBuffer({ resolveWithObject: true }).catch(refused)
  if (info.width !== width || info.height !== height || info.channels !== 4) {
    throw new Error(`librsvg drew ${info.width} x ${info.height} x ${info.channels} instead of ${width} x ${height}`)
  }
  return data
}

async function drawWithResvg(at: PrintAt, size: Box): Promise<Uint8Array> {
  try {
    return toStraight(
      new Resvg(at(size), { font: { loadSystemFonts: false, ...FONTS }, logLevel: 'off' }).render().pixels,
    )
  } catch (error) {
    return refused(error)
  }
}

function refused(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  throw new AppError('UNSUPPORTED', `The document cannot be drawn: ${reason.slice(0, 200)}`, { cause: error })
}

/** resvg-js's `pixels` are premultiplied; all that follows takes straight ones. In place. */
function toStraight(pixels: Buffer): Buffer {
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3] ?? 0
    if (alpha === 0 || alpha === 255) continue
    for (let channel = at; channel < at + 3; channel++) {
      pixels[channel] = Math.min(255, Math.round(((pixels[channel] ?? 0) * 255) / alpha))
    }
  }
  return pixels
}
