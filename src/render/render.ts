import type { Preset } from '../variant.ts'
import { compose } from './compose.ts'
import { encode } from './encode.ts'
import { lacksGlyph } from './fonts.ts'
import type { Picture, Rendered, Want } from './messages.ts'
import type { Raster } from './pixels.ts'
import { placeholderOf } from './placeholder.ts'
import { type Canvas, engineFor, rasterise } from './rasterise.ts'
import { type SanitisedSvg, sanitise } from './sanitise/sanitise.ts'

export type Render = (svg: Uint8Array, wants: readonly Want[]) => Promise<Rendered>

/** How a renderer makes pictures: a list of steps. Holds the presets and, once drawn, their watermarks. */
export function createRenderer(all: readonly Preset[]): Render {
  const presets = new Map(all.map((preset) => [preset.name, preset]))
  const watermarks = new Map<string, Raster>()

  /** All wanted pictures of one source: sanitised and parsed once, drawn once for each canvas. */
  return async function render(svg, wants) {
    const document = sanitise(svg)
    const drawings = new Map<string, Raster>()
    const pictures: Picture[] = []
    for (const { preset: name, format } of wants) {
      const preset = presets.get(name)
      if (!preset) throw new Error(`no preset ${name} in this renderer`)
      const drawing = await keep(drawings, canvasKey(preset), () => rasterise(document, preset))
      const watermark = preset.watermark ? await keep(watermarks, name, () => drawWatermark(preset)) : null
      const picture = compose(drawing, preset, watermark)
      const { bytes, lossless } = await encode(picture, preset, format)
      pictures.push({ preset: name, format, bytes, width: preset.width, height: preset.height, lossless })
    }
    const placeholder = placeholderOf(largest([...drawings.values()]))
    return { pictures, engine: engineFor(document), warnings: await warningsOf(document), placeholder }
  }
}

async function keep<T>(kept: Map<string, T>, key: string, make: () => Promise<T>): Promise<T> {
  const value = kept.get(key) ?? (await make())
  kept.set(key, value)
  return value
}

const canvasKey = ({ width, height, padding, fit, color }: Canvas) => `${width}x${height}-${padding} ${fit} ${color}`

/** Over the whole picture, without a free edge. */
const drawWatermark = ({ width, height, watermark }: Preset): Promise<Raster> =>
  rasterise(sanitise(Buffer.from(watermark ?? '')), { width, height, padding: 0, fit: 'cover', color: null })

const largest = (rasters: readonly Raster[]) =>
  rasters.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a))

const warningsOf = async ({ warnings, text }: SanitisedSvg): Promise<string[]> =>
  (await lacksGlyph(text)) ? [...warnings, 'MISSING_GLYPH'] : [...warnings]
