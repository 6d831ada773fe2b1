import { createHash } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { backgroundOf, hexColour, SIDE_MAX_PX, side } from './preset-fields.ts'
import { attempt, formatNames, readEntries, readWatermark } from './presets.ts'
import { type ImageFormat, isLayoutName, RENDERER_VERSION } from './variant.ts'

/** Maximum number of cells of a composite: all are parsed and drawn in one call to a renderer. */
const CELLS_MAX = 100
/** In smaller cells icons are not recognisable. */
const CELL_MIN_PX = 8

/** Cells of a full picture. */
export interface Grid {
  readonly columns: number
  readonly rows: number
}

/** How a family's picture is composed. Sizes in px. */
export interface Layout {
  readonly name: string
  readonly width: number
  readonly height: number
  /** Smallest first. The largest grid that the family fills is used; families smaller than the smallest grid fill the picture in rows. */
  readonly grids: readonly Grid[]
  /** `#rrggbb`, null for transparent. */
  readonly background: string | null
  /** Margin in px, left and right, above and below. */
  readonly padding: readonly [x: number, y: number]
  /** px between cells. */
  readonly gap: readonly [x: number, y: number]
  readonly cellRadius: number
  /** Margin in px on each side of a cell's art. */
  readonly cellPadding: number
  /** `#rrggbb`, null for transparent, or `auto`: white, or dark if most of the art would be invisible on white. */
  readonly cellBackground: string | null
  /** `#rrggbb` for `currentColor`, null for black. */
  readonly color: string | null
  /** Height of the family's name above the cells, 0 for none. */
  readonly nameSize: number
  readonly nameColor: string
  /** The operator's SVG, drawn over the whole picture. */
  readonly watermark: string | null
  readonly encoding: 'auto' | 'lossless' | 'lossy'
  /** The formats offered; the first is made in advance. */
  readonly formats: readonly ImageFormat[]
  /** Fingerprint of everything except the members that determines the pixels. */
  readonly recipeHash: string
}
export type Layouts = ReadonlyMap<string, Layout>

const distance = z.int().min(0).max(SIDE_MAX_PX)
const pair = z
  .union([distance, z.tuple([distance, distance])])
  .transform((value): [number, number] => (typeof value === 'number' ? [value, value] : value))
const grid = z
  .string()
  .regex(/^[1-9]\d?\d?x[1-9]\d?\d?$/, 'must be COLUMNSxROWS, such as 4x3')
  .transform((text): Grid => {
    const [columns = 0, rows = 0] = text.split('x').map(Number)
    return { columns, rows }
  })
const plain = z.enum(['white', 'transparent'])
export const layoutSchema = z.strictObject({
  width: side,
  height: side,
  grids: z.array(grid).min(1).max(20),
  background: z.union([plain, hexColour]).default('white'),
  padding: pair.default([0, 0]),
  gap: pair.default([0, 0]),
  cellRadius: distance.default(0),
  cellPadding: distance.default(0),
  cellBackground: z.union([plain, z.literal('auto'), hexColour]).default('transparent'),
  color: hexColour.optional(),
  nameSize: z.int().min(0).max(400).default(0),
  nameColor: hexColour.default('#000000'),
  watermark: z.string().min(1).optional(),
  encoding: z.enum(['auto', 'lossless', 'lossy']).default('auto'),
  formats: z.array(z.enum(formatNames)).min(1).default(['webp']),
})
const fileSchema = z.record(z.string(), layoutSchema)

/** Height that the family's name takes above the cells. */
export const headerOf = ({ nameSize }: Pick<Layout, 'nameSize'>): number => Math.ceil(nameSize * 1.6)

/** The area shared by the cells and the gaps between them. */
export const areaOf = ({ width, height, padding: [x, y], nameSize }: Layout) => {
  const header = headerOf({ nameSize })
  return { x, y: y + header, width: width - 2 * x, height: height - 2 * y - header }
}

/**
 * Reads a layouts file; watermark paths are relative to it. Reports all problems at once, as sentences; `layouts` is complete only
 * without problems.
 */
export function readLayouts(file: string): { layouts: Layouts; problems: string[] } {
  const layouts = new Map<string, Layout>()
  const problems: string[] = []
  const entries = readEntries(file, { schema: fileSchema, problems })
  if (entries?.length === 0) problems.push(`${file}: contains no layout`)
  for (const [name, entry] of entries ?? []) {
    if (!isLayoutName(name))
      problems.push(`${file}: ${name}: a layout's name is a-z, then a-z, 0-9 or a dash, at most 32`)
    const watermark = attempt(() => (entry.watermark ? readWatermark(path.resolve(file, '..', entry.watermark)) : null))
    if ('error' in watermark) {
      problems.push(`${file}: ${name}.watermark: ${watermark.error}`)
      continue
    }
    const definition = {
      ...entry,
      grids: [...entry.grids].sort((a, b) => sizeOf(a) - sizeOf(b)),
      background: backgroundOf(entry.background),
      cellBackground: backgroundOf(entry.cellBackground),
      color: entry.color ?? null,
      watermark: watermark.value,
      formats: [...new Set(entry.formats)].map((format) => format.toUpperCase() as ImageFormat),
    }
    const layout = { name, ...definition, recipeHash: hashLayout(definition) }
    problems.push(...problemsOf(layout).map((problem) => `${file}: ${name}.${problem}`))
    layouts.set(name, layout)
  }
  return { layouts, problems }
}

export const sizeOf = ({ columns, rows }: Grid): number => columns * rows

/** Formats are left out: offering another one makes no composite stale. */
function hashLayout({ formats: _, ...definition }: Omit<Layout, 'name' | 'recipeHash'>): string {
  const sorted = Object.entries(definition).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify(['layout', RENDERER_VERSION, sorted]))
    .digest('hex')
}

function problemsOf(layout: Layout): string[] {
  const area = areaOf(layout)
  return layout.grids.flatMap((each) => {
    const { columns, rows } = each
    if (sizeOf(each) > CELLS_MAX) return [`grids: ${columns}x${rows} are more than ${CELLS_MAX} cells`]
    const width = (area.width - (columns - 1) * layout.gap[0]) / columns
    const height = (area.height - (rows - 1) * layout.gap[1]) / rows
    if (Math.min(width, height) < CELL_MIN_PX) {
      const left = `${Math.floor(width)} x ${Math.floor(height)}`
      return [
        `grids: padding, gap and name leave cells of ${left} px for ${columns}x${rows}; ${CELL_MIN_PX} are needed`,
      ]
    }
    return 2 * layout.cellPadding >= Math.min(width, height)
      ? [`cellPadding: ${layout.cellPadding} px on each side leave no room in the cells of ${columns}x${rows}`]
      : []
  })
}
