/**
 * Lengths and distances of copies in WebP lossless: a prefix symbol and extra bits, and short codes for near distances
 * (https://www.rfc-editor.org/rfc/rfc9649.html#section-3.6.2.2).
 */

/** Symbols of lengths and of distances. */
export const [LENGTH_SYMBOLS, DISTANCE_SYMBOLS] = [24, 40]
/** Pixels that one copy has at most. */
export const COPY_MAX = 4096

/** The prefix symbol of a number from 1. */
export function prefixOf(number: number): number {
  if (number <= 4) return number - 1
  const high = 31 - Math.clz32(number - 1)
  return 2 * high + (((number - 1) >> (high - 1)) & 1)
}

/** How many bits follow a prefix symbol: the lowest of the number minus one. */
export const extraBitsOf = (prefix: number): number => (prefix < 4 ? 0 : (prefix >> 1) - 1)

/** By rows up (0 to 7) and columns from 8 to the left to 7 to the right: the code minus one, in the order of the RFC's table. */
const NEAR = Uint8Array.from(
  `96 73 55 39 23 13 5 1 255 255 255 255 255 255 255 255 101 78 58 42 26 16 8 2 0 3 9 17 27 43 59 79
   102 86 62 46 32 20 10 6 4 7 11 21 33 47 63 87 105 90 70 52 37 28 18 14 12 15 19 29 38 53 71 91
   110 99 82 66 48 35 30 24 22 25 31 36 49 67 83 100 115 108 94 76 64 50 44 40 34 41 45 51 65 77 95 109
   118 113 103 92 80 68 60 56 54 57 61 69 81 93 104 114 119 116 111 106 97 88 84 74 72 75 85 89 98 107 112 117`
    .split(/\s+/)
    .map(Number),
)
const NEAR_CODES = 120

/** The code of a distance, in pixels, in rows of this width. */
export function distanceCodeOf(distance: number, width: number): number {
  const rows = Math.floor(distance / width)
  const left = distance - rows * width
  if (left <= 8 && rows < 8) return (NEAR[rows * 16 + 8 - left] as number) + 1
  if (left > width - 8 && rows < 7) return (NEAR[(rows + 1) * 16 + 8 + width - left] as number) + 1
  return distance + NEAR_CODES
}
