// Only the parser of this format: those of others have been found to loop for ever on hostile bytes (GHSA-5p2g-fcmc-qvqq).
import { WEBP } from 'image-size/types/webp'

/** Bytes at the start of a file that show whether it is a WebP picture, and its size. */
export const WEBP_HEADER_BYTES = 30

export interface WebpHeader {
  /** px */
  readonly width: number
  readonly height: number
  readonly lossless: boolean
  /** Size of the whole file, as it states itself. */
  readonly bytes: number
}

/** Reads the header of a WebP file (RFC 9649, sections 2.4 to 2.7); null for anything else. */
export function readWebpHeader(start: Buffer): WebpHeader | null {
  if (start.length < WEBP_HEADER_BYTES || !WEBP.validate(start)) return null
  try {
    const { width, height } = WEBP.calculate(start)
    return { width, height, lossless: start.toString('latin1', 12, 16) === 'VP8L', bytes: start.readUInt32LE(4) + 8 }
  } catch {
    return null
  }
}
