import { AppError } from '../../core/errors.ts'
import type { Preset } from '../../core/variant.ts'
import type { Picture, Rendered, VariantSpec } from '../messages.ts'
import { encode } from './encode.ts'
import { lacksGlyph } from './fonts.ts'
import { chooseMatte } from './matte.ts'
import {
  type Colour,
  centre,
  isClear,
  type OverlayMask,
  overlay,
  parseHex,
  type Raster,
  toOverlayMask,
} from './pixels.ts'
import { placeholderOf } from './placeholder.ts'
import { drawingKeyOf, engineFor, rasterise, SMALL } from './rasterise.ts'
import { type SanitisedSvg, sanitise } from './sanitise/sanitise.ts'

export type Render = (svg: Uint8Array, variants: readonly VariantSpec[]) => Promise<Rendered>

/** How a renderer makes pictures: a list of steps. Holds the presets and, once drawn, their watermarks. */
export function createRenderer(all: readonly Preset[]): Render {
  const presets = new Map(all.map((preset) => [preset.name, preset]))
  const watermarks = new Map<string, Watermark>()

  /** All wanted pictures of one source: sanitised and parsed once, drawn once for each canvas and background. */
  return async function render(svg, variants) {
    const document = sanitise(svg)
    const small = await rasterise(document, SMALL, null)
    if (isClear(small)) throw new AppError('BLANK', 'Nothing of the document is visible.')
    const drawings = new Map<string, Raster>()
    const pictures: Picture[] = []
    for (const { preset: name, format } of variants) {
      const preset = presets.get(name)
      if (!preset) throw new Error(`no preset ${name} in this renderer`)
      const background = backgroundOf(preset, small)
      const drawing = await keep(drawings, drawingKeyOf(preset, background), async () =>
        centre(await rasterise(document, preset, background), { ...preset, background }),
      )
      const watermark = preset.watermark ? await keep(watermarks, name, () => drawWatermark(preset)) : null
      const picture = watermark ? overlay(drawing, watermark.mask, watermark.into) : drawing
      const { bytes, lossless } = await encode(picture, preset, format)
      pictures.push({ preset: name, format, bytes, width: preset.width, height: preset.height, lossless })
    }
    return {
      pictures,
      engine: engineFor(document),
      warnings: await warningsOf(document),
      placeholder: placeholderOf(small),
    }
  }
}

function backgroundOf({ background }: Preset, small: Raster): Colour | null {
  if (background === null) return null
  return background === 'auto' ? chooseMatte(small) : parseHex(background)
}

async function keep<T>(kept: Map<string, T>, key: string, make: () => Promise<T> | T): Promise<T> {
  const value = kept.get(key) ?? (await make())
  kept.set(key, value)
  return value
}

interface Watermark {
  readonly mask: OverlayMask
  readonly into: Uint8Array
}

/** Over the whole picture, without a free edge. */
async function drawWatermark({ width, height, watermark }: Preset): Promise<Watermark> {
  const document = sanitise(Buffer.from(watermark ?? ''))
  const mask = toOverlayMask(await rasterise(document, { width, height, padding: 0, fit: 'cover', color: null }, null))
  return { mask, into: new Uint8Array(width * height * 4) }
}

const warningsOf = async ({ warnings, text }: SanitisedSvg): Promise<string[]> =>
  (await lacksGlyph(text)) ? [...warnings, 'MISSING_GLYPH'] : [...warnings]
