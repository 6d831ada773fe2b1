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
  if (start.length < WEBP_HEADER_BYTES) return null
  if (start.toString('latin1', 0, 4) !== 'RIFF' || start.toString('latin1', 8, 12) !== 'WEBP') return null
  const bytes = start.readUInt32LE(4) + 8
  switch (start.toString('latin1', 12, 16)) {
    case 'VP8 ': {
      const [width, height] = [start.readUInt16LE(26) & 0x3fff, start.readUInt16LE(28) & 0x3fff]
      return start.readUIntBE(23, 3) === 0x9d012a ? { width, height, lossless: false, bytes } : null
    }
    case 'VP8L': {
      const sizes = start.readUInt32LE(21)
      const [width, height] = [(sizes & 0x3fff) + 1, ((sizes >> 14) & 0x3fff) + 1]
      return start[20] === 0x2f ? { width, height, lossless: true, bytes } : null
    }
    case 'VP8X':
      return { width: start.readUIntLE(24, 3) + 1, height: start.readUIntLE(27, 3) + 1, lossless: false, bytes }
    default:
      return null
  }
}
