import sharp from 'sharp'

/** The density at which sharp rasterises an SVG at the requested size, instead of scaling a bitmap. @param side px of the longer side */
export async function densityFor(svg: Uint8Array, side: number): Promise<number> {
  const { width = side, height = side } = await sharp(svg).metadata()
  return Math.min(100_000, Math.max(1, (72 * side) / Math.max(width, height)))
}
