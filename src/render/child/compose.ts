import type { ErrorCode } from '../../core/errors.ts'
import type { Layout } from '../../core/layouts.ts'
import type { CellOrder, Composed, ComposeOrder, Engine } from '../messages.ts'
import { blank } from './blank.ts'
import { blankCanvas, layOn, roundCorners } from './canvas.ts'
import { encode } from './encode.ts'
import { chooseEngine } from './engine.ts'
import { toRenderError } from './faults.ts'
import { advanceOf, lacksGlyph } from './fonts.ts'
import { chooseMatte } from './matte.ts'
import { centre, isClear, paintOn, parseHex, type Raster } from './pixels.ts'
import { drawOwn, rasterise, SMALL } from './rasterise.ts'
import { readStill } from './still.ts'

/**
 * Draws every cell's document at the size of its cell into one picture. If any cannot be drawn, all failures are returned instead of a
 * picture with holes, so that the parent can choose others. One cell's raster is in memory at a time.
 * @param on.onCell called with the index of each cell before it is drawn, and with null before encoding: attributes a crash to a cell
 * @param on.onFault called with the stack of a bug, which also counts as the failure of its cell
 */
export async function compose(
  order: ComposeOrder,
  { onCell, onFault }: { onCell: (cell: number | null) => void; onFault: (stack: string) => void },
): Promise<Composed> {
  const { layout, name, format, cells } = order
  const canvas = blankCanvas(layout, layout.background === null ? null : parseHex(layout.background))
  const failures: { cell: number; code: ErrorCode; message: string }[] = []
  const engines = new Set<Engine>()
  let uncollected = 0
  for (const [index, cell] of cells.entries()) {
    onCell(index)
    try {
      const { raster, engine } = await drawCell(cell, layout)
      engines.add(engine)
      if (failures.length === 0) layOn(canvas, raster, cell)
    } catch (error) {
      const { code, message } = toRenderError(error, onFault)
      failures.push({ cell: index, code, message })
    }
    uncollected += 4 * cell.width * cell.height
    if (uncollected > GC_EVERY_BYTES) {
      globalThis.gc?.()
      uncollected = 0
    }
  }
  onCell(null)
  if (failures.length > 0) return { failures }
  const warnings = name ? await drawName(canvas, { layout, name }) : []
  if (layout.watermark) layOn(canvas, await drawWatermark(layout), { x: 0, y: 0 })
  const { bytes, lossless } = await encode(canvas, layout, format)
  const { width, height } = layout
  return { picture: { bytes, width, height, lossless, engine: [...engines].sort().join(', '), warnings } }
}

/** Of cells' rasters: memory that V8 does not account for, freed only by a collection. */
const GC_EVERY_BYTES = 8_000_000

async function drawCell(cell: CellOrder, layout: Layout): Promise<{ raster: Raster; engine: Engine }> {
  const { width, height } = cell
  const document = await readStill(cell.svg, cell)
  const room = Math.floor((Math.min(width, height) - 1) / 2)
  const padding = Math.min(layout.cellPadding, room)
  const engine = chooseEngine(document, cell)
  const canvas = { width, height, padding, fit: 'contain', color: layout.color } as const
  const art = await rasterise(document, { canvas, engine, background: null })
  // Thin art may vanish in a small cell; whether a document is blank is decided at the standard size.
  if (isClear(art) && isClear(await rasterise(document, { canvas: SMALL, engine, background: null })))
    throw blank(document)
  const { cellBackground } = layout
  const background =
    cellBackground === null ? null : cellBackground === 'auto' ? chooseMatte(art) : parseHex(cellBackground)
  const raster = centre(background ? paintOn(art, background) : art, { width, height, background })
  roundCorners(raster, Math.min(layout.cellRadius, Math.floor(Math.min(width, height) / 2)))
  return { raster, engine }
}

/** Longer names end in an ellipsis; names that are still too wide are drawn smaller. */
const NAME_LETTERS_MAX = 80

async function drawName(
  canvas: Raster,
  { layout, name }: { layout: Layout; name: NonNullable<ComposeOrder['name']> },
): Promise<string[]> {
  const text = shorten(name.text.replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ').trim())
  if (text === '') return []
  const { width, height } = name
  const size = Math.min(layout.nameSize, width / (await advanceOf(text)))
  const letters = text.replaceAll(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`)
  const line = `<text x="0" y="${layout.nameSize}" font-family="DejaVu Sans" font-weight="bold" font-size="${size}" fill="${layout.nameColor}">${letters}</text>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${line}</svg>`
  const box = { width, height, padding: 0, fit: 'contain', color: null } as const
  layOn(canvas, await drawOwn(svg, box), name)
  return (await lacksGlyph(text)) ? ['MISSING_GLYPH'] : []
}

function shorten(text: string): string {
  const letters = [...text]
  return letters.length > NAME_LETTERS_MAX ? `${letters.slice(0, NAME_LETTERS_MAX - 1).join('')}…` : text
}

/** Covers the whole picture, without padding. */
const drawWatermark = ({ width, height, watermark }: Layout): Promise<Raster> =>
  drawOwn(watermark ?? '', { width, height, padding: 0, fit: 'cover', color: null })
