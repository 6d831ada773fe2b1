import sharp, { type OverlayOptions } from 'sharp'

export interface Row {
  readonly title: string
  /** RGBA tiles of the sheet's size, drawn from left to right. */
  readonly tiles: readonly Buffer[]
}

const GAP = 8
const ACROSS = 2
const TITLE_HEIGHT = 20

/**
 * Writes one PNG with a titled row of tiles for each comparison, two rows side by side. @param options.size of the input tiles, `tile` of
 * the output tiles, px
 */
export async function writeSheet(
  file: string,
  options: { rows: readonly Row[]; size: number; tile: number },
): Promise<void> {
  const { rows, size: given, tile: size } = options
  const rowHeight = TITLE_HEIGHT + size + GAP
  const columns = Math.max(1, ...rows.map(({ tiles }) => tiles.length))
  const rowWidth = columns * (size + GAP) + GAP
  const raw = { width: given, height: given, channels: 4 } as const
  const layers: OverlayOptions[] = []
  for (const [index, { title, tiles }] of rows.entries()) {
    const [left, top] = [GAP + (index % ACROSS) * rowWidth, Math.floor(index / ACROSS) * rowHeight]
    layers.push({ input: titleOf(title, rowWidth), left, top })
    for (const [column, pixels] of tiles.entries()) {
      const input = await sharp(pixels, { raw }).resize(size).png().toBuffer()
      layers.push({ input, left: left + column * (size + GAP), top: top + TITLE_HEIGHT })
    }
  }
  const height = Math.max(1, Math.ceil(rows.length / ACROSS)) * rowHeight
  const width = ACROSS * rowWidth
  await sharp({ create: { width, height, channels: 4, background: '#8a8a8a' } })
    .composite(layers)
    .png()
    .toFile(file)
}

function titleOf(text: string, width: number): Buffer {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width - GAP}" height="${TITLE_HEIGHT}"><text y="15" font-family="sans-serif" font-size="13">${safe}</text></svg>`,
  )
}
