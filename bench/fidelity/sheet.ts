import sharp, { type OverlayOptions } from 'sharp'

export interface Row {
  readonly title: string
  /** RGBA tiles of the sheet's size, drawn from left to right. */
  readonly tiles: readonly Buffer[]
}

const GAP = 8
const TITLE_HEIGHT = 20

/** Writes one PNG with a titled row of tiles for each comparison. */
export async function writeSheet(file: string, options: { rows: readonly Row[]; size: number }): Promise<void> {
  const { rows, size } = options
  const rowHeight = TITLE_HEIGHT + size + GAP
  const columns = Math.max(1, ...rows.map(({ tiles }) => tiles.length))
  const width = columns * (size + GAP) + GAP
  const raw = { width: size, height: size, channels: 4 } as const
  const layers: OverlayOptions[] = rows.flatMap(({ title, tiles }, index) => [
    { input: titleOf(title, width), left: GAP, top: index * rowHeight },
    ...tiles.map((input, column) => ({
      input,
      raw,
      left: GAP + column * (size + GAP),
      top: index * rowHeight + TITLE_HEIGHT,
    })),
  ])
  const height = Math.max(1, rows.length) * rowHeight
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
