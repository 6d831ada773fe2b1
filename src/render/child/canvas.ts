import { asUint32, type Colour, opaque, type Raster } from './pixels.ts'

/** A raster of one colour (null: transparent). Sizes in px. */
export function blankCanvas(size: { width: number; height: number }, background: Colour | null): Raster {
  const { width, height } = size
  const canvas = { pixels: new Uint8Array(width * height * 4), width, height }
  if (background) asUint32(canvas).fill(opaque(background))
  return canvas
}

/**
 * Composites a raster onto the canvas (source over), in place. It must fit within the canvas. Most pixels are transparent or opaque,
 * which is the fast path.
 */
export function layOn(canvas: Raster, raster: Raster, { x, y }: { x: number; y: number }): void {
  const [from, to] = [asUint32(raster), asUint32(canvas)]
  for (let row = 0; row < raster.height; row++) {
    let target = (y + row) * canvas.width + x
    for (let index = row * raster.width, end = index + raster.width; index < end; index++, target++) {
      const alpha = raster.pixels[index * 4 + 3] as number
      if (alpha === 255) to[target] = from[index] as number
      else if (alpha > 0) blend(canvas.pixels, target * 4, { over: raster.pixels, at: index * 4 })
    }
  }
}

function blend(below: Uint8Array, to: number, { over, at }: { over: Uint8Array; at: number }): void {
  const alpha = over[at + 3] as number
  const rest = ((below[to + 3] as number) * (255 - alpha)) / 255
  const sum = alpha + rest
  for (let channel = 0; channel < 3; channel++)
    below[to + channel] = Math.round(
      ((over[at + channel] as number) * alpha + (below[to + channel] as number) * rest) / sum,
    )
  below[to + 3] = Math.round(sum)
}

/** Samples along each side of a pixel on the arc. */
const SAMPLES = 4

/** Makes the pixels outside of rounded corners transparent, in place. @param radius px, at most half of the shorter side */
export function roundCorners({ pixels, width, height }: Raster, radius: number): void {
  for (let row = 0; row < radius; row++) {
    for (let column = 0; column < radius; column++) {
      const share = coverage(radius, column, row)
      if (share === 1) continue
      for (const y of [row, height - 1 - row]) {
        for (const x of [column, width - 1 - column]) {
          const at = (y * width + x) * 4
          pixels[at + 3] = Math.round((pixels[at + 3] as number) * share)
        }
      }
    }
  }
}

/** The fraction of a pixel of the upper left corner that is within the arc. */
function coverage(radius: number, column: number, row: number): number {
  let inside = 0
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
    const x = radius - column - ((sample % SAMPLES) + 0.5) / SAMPLES
    const y = radius - row - (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES
    if (x * x + y * y <= radius * radius) inside++
  }
  return inside / (SAMPLES * SAMPLES)
}
