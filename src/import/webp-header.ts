import { imageSize } from 'image-size'

/** Bytes from the beginning of a file that tell whether it is a WebP picture, and how large. */
export const WEBP_HEADER_BYTES = 30

export interface WebpHeader {
  /** px */
  readonly width: number
  readonly height: number
  readonly lossless: boolean
  /** Of the whole file, as it states itself. */
  readonly bytes: number
}

/** Reads what a WebP file begins with (RFC 9649, sections 2.4 to 2.7); null for anything else. */
export function readWebpHeader(start: Buffer): WebpHeader | null {
  const [riff, form, chunk] = [0, 8, 12].map((at) => start.toString('latin1', at, at + 4))
  if (start.length < WEBP_HEADER_BYTES || riff !== 'RIFF' || form !== 'WEBP') return null
  try {
    const { width, height } = imageSize(start)
    return { width, height, lossless: chunk === 'VP8L', bytes: start.readUInt32LE(4) + 8 }
  } catch {
    return null
  }
}
