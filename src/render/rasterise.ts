import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js'
import { AppError } from '../errors.ts'
import type { Preset } from '../variant.ts'

/** Straight RGBA or opaque pixels, 4 bytes each, row by row. */
export interface Raster {
  readonly pixels: Buffer
  readonly width: number
  readonly height: number
}

/** Nothing of the machine gets in: no system font, no file. */
const CLOSED: ResvgRenderOptions = { font: { loadSystemFonts: false }, logLevel: 'off' }

/**
 * Draws the SVG as large as fits the preset's box, keeping its ratio; background painted where the preset has one.
 * Throws NOT_SVG, EMPTY, TOO_LARGE or UNSUPPORTED.
 */
export function rasterise(svg: string, preset: Pick<Preset, 'width' | 'height' | 'background'>): Raster {
  if (svg.trim() === '') throw new AppError('EMPTY', 'The file has no content.')
  const probe = parse(svg, {})
  if (!(probe.width > 0 && probe.height > 0)) throw new AppError('UNSUPPORTED', 'The document has no size.')
  const scale = Math.min(preset.width / probe.width, preset.height / probe.height)
  const fits = { width: Math.round(probe.width * scale), height: Math.round(probe.height * scale) }
  if (fits.width < 1 || fits.height < 1) {
    throw new AppError(
      'TOO_LARGE',
      `At ${probe.width} x ${probe.height} one side vanishes in a ${preset.width} x ${preset.height} px picture.`,
    )
  }
  const byWidth = fits.width === preset.width
  const image = parse(svg, {
    fitTo: byWidth ? { mode: 'width', value: preset.width } : { mode: 'height', value: preset.height },
    ...(preset.background ? { background: preset.background } : {}),
  }).render()
  return { pixels: image.pixels, width: image.width, height: image.height }
}

function parse(svg: string, options: ResvgRenderOptions): Resvg {
  try {
    return new Resvg(svg, { ...CLOSED, ...options })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const isMarkup = /<(?:[\w-]+:)?svg[\s>/]/.test(svg)
    if (!isMarkup) throw new AppError('NOT_SVG', 'The file holds no <svg> element.', { cause: error })
    throw new AppError('UNSUPPORTED', `The document cannot be drawn: ${reason.slice(0, 200)}`, { cause: error })
  }
}
