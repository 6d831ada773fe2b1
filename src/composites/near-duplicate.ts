import { thumbHashToRGBA } from 'thumbhash'

/** The properties by which near-duplicates are detected. */
export interface Appearance {
  readonly sourceHash: string
  /** ThumbHash in base64; null if the item was not rendered yet. */
  readonly thumbHash: string | null
}

/**
 * Root mean square of the difference, of 255. The same art moved by a hundredth of a px differs by 0 to 5 (nine of ten by less than 4),
 * two of 150 icons of lucide, twemoji or circle-flags by at least 3. The few icons below 4 differ only at full size and are left out too:
 * a visitor would not tell them apart either.
 */
const DIFFERENCE_MAX = 4

/**
 * Whether two members would look the same: equal bytes, or nearly equal ThumbHashes (the low frequencies of their pictures). Without a
 * ThumbHash only the bytes are compared. Decoded hashes are cached.
 */
export function createNearDuplicate(): (a: Appearance, b: Appearance) => boolean {
  const decoded = new Map<string, Float32Array>()
  const decodeOnce = (thumbHash: string) => {
    const known = decoded.get(thumbHash) ?? decode(thumbHash)
    decoded.set(thumbHash, known)
    return known
  }
  return (a, b) => {
    if (a.sourceHash === b.sourceHash) return true
    if (a.thumbHash === null || b.thumbHash === null) return false
    return a.thumbHash === b.thumbHash || isNear(decodeOnce(a.thumbHash), decodeOnce(b.thumbHash))
  }
}

const SIDE = 8

/** 8 x 8 means of premultiplied RGBA, and the ratio. */
function decode(thumbHash: string): Float32Array {
  const { w, h, rgba } = thumbHashToRGBA(Buffer.from(thumbHash, 'base64'))
  const means = new Float32Array(SIDE * SIDE * 4 + 1)
  const counts = new Uint16Array(SIDE * SIDE)
  for (let pixel = 0; pixel < w * h; pixel++) {
    const [x, y] = [pixel % w, Math.floor(pixel / w)]
    const cell = Math.floor((y * SIDE) / h) * SIDE + Math.floor((x * SIDE) / w)
    counts[cell] = (counts[cell] ?? 0) + 1
    const alpha = rgba[pixel * 4 + 3] ?? 0
    for (let channel = 0; channel < 4; channel++) {
      const value = channel === 3 ? alpha : ((rgba[pixel * 4 + channel] ?? 0) * alpha) / 255
      means[cell * 4 + channel] = (means[cell * 4 + channel] ?? 0) + value
    }
  }
  for (let at = 0; at < means.length - 1; at++) means[at] = (means[at] ?? 0) / Math.max(counts[at >> 2] ?? 0, 1)
  // Ratios that differ by a step, about an eighth, are different pictures.
  means[means.length - 1] = (Math.log(w / h) * 255 * SIDE * 2) | 0
  return means
}

function isNear(a: Float32Array, b: Float32Array): boolean {
  const limit = DIFFERENCE_MAX * DIFFERENCE_MAX * a.length
  let sum = 0
  for (let at = 0; at < a.length && sum <= limit; at++) sum += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2
  return sum <= limit
}
