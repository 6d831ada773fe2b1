import { Resvg } from '@resvg/resvg-js'
import sharp from 'sharp'
import { AppError } from '../../core/errors.ts'
import type { Preset } from '../../core/variant.ts'
import type { Engine } from '../messages.ts'
import { chooseEngine } from './engine.ts'
import { contain, stretchTo } from './fit.ts'
import { FONTS } from './fonts.ts'
import type { Size } from './normalise/box.ts'
import { type NormalisedSvg, normalise } from './normalise/normalise.ts'
import { type Colour, paintOn, type Raster } from './pixels.ts'

/**
 * What determines the pixels of a raster, apart from its background; presets with the same canvas share one drawing. A preset without its
 * name and without what is applied after drawing.
 */
export type Canvas = Omit<
  Preset,
  'name' | 'recipeHash' | 'formats' | 'backfill' | 'background' | 'watermark' | 'encoding'
>

/** Equal for equal canvases on the same background. */
export function drawingKeyOf(preset: Preset, background: Colour | null): string {
  const { name, recipeHash, formats, backfill, background: _, watermark, encoding, ...canvas } = preset
  const fields: Canvas = canvas
  return JSON.stringify([background, Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** Drawn for every document: to detect blank ones, and for colours and the placeholder. */
export const SMALL: Canvas = { width: 64, height: 64, padding: 0, fit: 'contain', color: null }

/** Prints the document so that it fills a size, with additional attributes on its root. */
type PrintAt = (size: Size, more?: Readonly<Record<string, string>>) => string

/**
 * Draws the document as large as the canvas allows, on a colour or a transparent background. The raster is at most the canvas without its
 * padding; the caller centres it. Throws UNSUPPORTED.
 */
export async function rasterise(
  document: NormalisedSvg,
  { canvas, engine, background }: { canvas: Canvas; engine: Engine; background: Colour | null },
): Promise<Raster> {
  const box = { width: canvas.width - 2 * canvas.padding, height: canvas.height - 2 * canvas.padding }
  const pixels = canvas.fit === 'cover' ? box : contain(document, box)
  const printAt: PrintAt = (size, more) => {
    let pxPerUnit = 1
    const svg = document.withRoot((root) => {
      const stretched = stretchTo(root, { size: document, pixels, fit: canvas.fit })
      pxPerUnit = pixels.width / Number(stretched.viewBox?.split(' ')[2])
      return {
        ...stretched,
        ...(canvas.color ? { color: canvas.color } : {}),
        width: String(size.width),
        height: String(size.height),
        ...more,
      }
    })
    return document.features.has('filter') ? scaleSurfaces(svg, pxPerUnit) : svg
  }
  const isResvg = engine === 'resvg'
  const raster = {
    pixels: isResvg
      ? drawWithResvg(printAt(pixels), { background, hasText: document.features.has('text') })
      : await drawWithLibrsvg(printAt, { pixels, margin: marginFor(document, pixels) }),
    ...pixels,
  }
  if (raster.pixels.length !== pixels.width * pixels.height * 4) {
    throw new Error(`${raster.pixels.length} bytes are not ${pixels.width} x ${pixels.height} px`)
  }
  return background && !isResvg ? paintOn(raster, background) : raster
}

/**
 * The slope of a lit surface is its height relative to the distance between pixels, which engines assume to be one unit. Scaling the
 * height gives the same light at any size, as in browsers.
 */
function scaleSurfaces(svg: string, pxPerUnit: number): string {
  return svg.replaceAll(/<fe(?:Diffuse|Specular)Lighting\b[^>]*/g, (tag) => {
    const height = Number(/ surfaceScale="([^"]*)"/.exec(tag)?.[1] ?? 1)
    return `${tag.replace(/ surfaceScale="[^"]*"/, '')} surfaceScale="${height * pxPerUnit}"`
  })
}

/** Draws an SVG of our own, such as a watermark, on a transparent background. */
export async function drawOwn(svg: string, canvas: Canvas): Promise<Raster> {
  const document = await normalise(Buffer.from(svg))
  return await rasterise(document, { canvas, engine: chooseEngine(document), background: null })
}

/**
 * librsvg only blurs what is on its canvas, so a blurred shape that extends beyond the picture fades at the edge. A margin of a quarter
 * of the picture on each side fixes 8 of 13 mismatches among 275 icons with filters, for a third more time.
 */
function marginFor({ features, svg }: NormalisedSvg, { width, height }: Size): Size {
  const share = features.has('filter') && /<fe(?:GaussianBlur|DropShadow)\b/.test(svg) ? 0.25 : 0
  return { width: Math.ceil(width * share), height: Math.ceil(height * share) }
}

/** At this dpi librsvg's mm and pt equal those of CSS. It scales the picture by DPI / 72: hence SHRINK. */
const DPI = 96
const SHRINK = 72 / DPI

/** @param at.margin px on each side that are drawn and cropped */
async function drawWithLibrsvg(
  printAt: PrintAt,
  { pixels, margin }: { pixels: Size; margin: Size },
): Promise<Uint8Array> {
  const scaled = { width: pixels.width * SHRINK, height: pixels.height * SHRINK }
  const load = (svg: string) => sharp(Buffer.from(svg), { density: DPI })
  if (margin.width === 0) return await load(printAt(scaled)).raw().toBuffer().catch(refused)
  const [x, y] = [margin.width * SHRINK, margin.height * SHRINK]
  const document = printAt(scaled, { x: String(x), y: String(y), overflow: 'visible' })
  const canvas = `width="${scaled.width + 2 * x}" height="${scaled.height + 2 * y}"`
  return await load(`<svg xmlns="http://www.w3.org/2000/svg" ${canvas}>${document}</svg>`)
    .extract({ left: margin.width, top: margin.height, ...pixels })
    .raw()
    .toBuffer()
    .catch(refused)
}

/**
 * resvg paints the background itself at no cost. Fonts take 1.8 ms per document, more than drawing it, so they are passed only if there
 * is text.
 */
function drawWithResvg(
  svg: string,
  { background, hasText }: { background: Colour | null; hasText: boolean },
): Uint8Array {
  const options = { font: { loadSystemFonts: false, ...(hasText ? FONTS : {}) }, logLevel: 'off' } as const
  try {
    if (background) return new Resvg(svg, { ...options, background: `rgb(${background})` }).render().pixels
    return toStraight(new Resvg(svg, options).render().pixels)
  } catch (error) {
    return refused(error)
  }
}

function refused(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  throw new AppError('UNSUPPORTED', `The document cannot be drawn: ${reason.slice(0, 200)}`, { cause: error })
}

/** Converts resvg-js's premultiplied `pixels` to straight alpha, in place. */
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
