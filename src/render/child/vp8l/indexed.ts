import { asUint32, type Raster } from '../pixels.ts'

/** A raster of at most 256 colours. */
export interface Indexed {
  /** For each pixel the index of its colour. */
  readonly indices: Uint8Array
  /** In the order of `asUint32`, as first seen. */
  readonly colours: readonly number[]
  readonly width: number
  readonly height: number
}

const COLOURS_MAX = 256
const TABLE = 1024
/** A run of this many pixels is quicker to fill at once. */
const LONG = 32

/** Null if it has more colours; then it stops at the first one above. */
export function toIndexed(raster: Raster): Indexed | null {
  const { pixels, width, height } = raster
  const all = asUint32(raster)
  const bytes = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)
  const indices = new Uint8Array(width * height)
  const colours: number[] = []
  // Open addressing in a table of four times the size: a Map is several times slower on anti-aliased art. Slots hold the index plus one; 0 is empty.
  const keys = new Uint32Array(TABLE)
  const slots = new Uint16Array(TABLE)
  for (let row = 0; row < height; row++) {
    const from = row * width
    const end = from + width
    // Many rows repeat the one above, and comparing memory is the cheapest check.
    if (row > 0 && bytes.compare(bytes, 4 * (from - width), 4 * from, 4 * from, 4 * end) === 0) {
      indices.copyWithin(from, from - width, from)
      continue
    }
    for (let at = from; at < end; ) {
      const colour = all[at] as number
      let slot = Math.imul(colour, 0x9e3779b1) >>> 22
      while (slots[slot] !== 0 && keys[slot] !== colour) slot = (slot + 1) % TABLE
      if (slots[slot] === 0) {
        if (colours.length === COLOURS_MAX) return null
        keys[slot] = colour
        slots[slot] = colours.push(colour)
      }
      const index = (slots[slot] as number) - 1
      const start = at
      do at++
      while (at < end && all[at] === colour)
      if (at - start >= LONG) indices.fill(index, start, at)
      else for (let to = start; to < at; to++) indices[to] = index
    }
  }
  return { indices, colours, width, height }
}
