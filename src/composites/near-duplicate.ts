import { appearanceDifference, decodeAppearance } from '../core/appearance.ts'

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
    const known = decoded.get(thumbHash) ?? decodeAppearance(thumbHash)
    decoded.set(thumbHash, known)
    return known
  }
  return (a, b) => {
    if (a.sourceHash === b.sourceHash) return true
    if (a.thumbHash === null || b.thumbHash === null) return false
    return a.thumbHash === b.thumbHash || isNear(decodeOnce(a.thumbHash), decodeOnce(b.thumbHash))
  }
}

const isNear = (a: Float32Array, b: Float32Array): boolean =>
  appearanceDifference(a, b, DIFFERENCE_MAX ** 2) <= DIFFERENCE_MAX ** 2
