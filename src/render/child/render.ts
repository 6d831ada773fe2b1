import { THEME_COLOURS } from '../../core/transform-request.ts'
import type { Preset } from '../../core/variant.ts'
import type { Engine, Picture, Rendered, VariantSpec } from '../messages.ts'
import { blank } from './blank.ts'
import { openDrawings } from './drawings.ts'
import { encode } from './encode.ts'
import { chooseEngine, isCostly } from './engine.ts'
import { lacksGlyph } from './fonts.ts'
import { chooseMatte } from './matte.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'
import {
  type Colour,
  centre,
  isClear,
  type OverlayMask,
  overlay,
  parseHex,
  type Raster,
  release,
  toOverlayMask,
} from './pixels.ts'
import { placeholderOf } from './placeholder.ts'
import { drawingKeyOf, drawOwn, SMALL } from './rasterise.ts'
import { readStill, type StillOptions } from './still.ts'
import { suitsAvif } from './suits-avif.ts'

export type Render = (svg: Uint8Array, variants: readonly VariantSpec[], options?: StillOptions) => Promise<Rendered>

/** Creates the render function, a list of steps. Holds the presets and, once drawn, their watermarks. */
export function createRenderer(all: readonly Preset[]): Render {
  const presets = new Map(all.map((preset) => [preset.name, preset]))
  const watermarks = new Map<string, Watermark>()

  /** Renders all requested pictures of one source: normalised once, drawn once for each canvas and background. */
  return async function render(svg, variants, options = {}) {
    const { otherEngine = false } = options
    const document = await readStill(svg, options)
    const engine = chooseEngine(document, { otherEngine })
    const draw = openDrawings(document, engine)
    const small = await draw(SMALL, null)
    if (isClear(small)) throw blank(document)
    const drawings = new Map<string, Raster>()
    const pictures: Picture[] = []
    for (const { preset: name, format, recipe } of variants) {
      const preset = recipe ?? presets.get(name)
      if (!preset) throw new Error(`no preset ${name} in this renderer`)
      const background = backgroundOf(preset, small)
      const drawing = await keep(drawings, drawingKeyOf(preset, background), async () =>
        centre(await draw(preset, background), { ...preset, background }),
      )
      const watermark = preset.watermark ? await keep(watermarks, name, () => drawWatermark(preset)) : null
      const picture = watermark ? overlay(drawing, watermark.mask, watermark.into) : drawing
      const { bytes, lossless } = await encode(picture, preset, format)
      pictures.push({ preset: name, format, bytes, width: preset.width, height: preset.height, lossless })
    }
    const placeholder = {
      ...(await drawPlaceholder(document, { engine, small, draw })),
      suitsAvif: suitsAvif(document, small),
    }
    for (const drawing of drawings.values()) release(drawing)
    return {
      pictures,
      engine,
      warnings: await warningsOf(document),
      placeholder,
    }
  }
}

/** Drawing costly art again in the dark theme's colour would cost too much for a placeholder. */
function drawPlaceholder(
  document: NormalisedSvg,
  { engine, small, draw }: { engine: Engine; small: Raster; draw: ReturnType<typeof openDrawings> },
) {
  const hasInk = document.svg.includes('currentColor')
  const drawOnDark = async () =>
    hasInk && !isCostly(document, engine) ? await draw({ ...SMALL, color: THEME_COLOURS.DARK.color }, null) : null
  return placeholderOf(small, { hasInk, drawOnDark })
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

/** Covers the whole picture, without padding. */
async function drawWatermark({ width, height, watermark }: Preset): Promise<Watermark> {
  const mask = toOverlayMask(await drawOwn(watermark ?? '', { width, height, padding: 0, fit: 'cover', color: null }))
  return { mask, into: new Uint8Array(width * height * 4) }
}

const warningsOf = async ({ warnings, text }: NormalisedSvg): Promise<string[]> =>
  (await lacksGlyph(text)) ? [...new Set([...warnings, 'MISSING_GLYPH'])] : [...warnings]
