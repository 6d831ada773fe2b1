/** Type, and size in px as stored. */
export interface Header {
  readonly type: 'png' | 'jpeg' | 'gif' | 'webp' | 'avif'
  readonly width: number
  readonly height: number
}

/** Type and size in px from magic number and header; null for unknown types and truncated headers. */
export function readHeader(bytes: Buffer): Header | null {
  if (bytes.length < 16) return null
  if (bytes.readUInt32BE(0) === 0x89504e47 && bytes.readUInt32BE(4) === 0x0d0a1a0a) return readPng(bytes)
  if (bytes.readUInt16BE(0) === 0xffd8) return readJpeg(bytes)
  const head = bytes.toString('latin1', 0, 16)
  if (/^GIF8[79]a/.test(head)) return { type: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  if (/^RIFF[\s\S]{4}WEBPVP8[ LX]/.test(head)) return readWebp(bytes)
  return /^[\s\S]{4}ftypavi[fs]/.test(head) ? readAvif(bytes) : null
}

function readPng(bytes: Buffer): Header | null {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return null
  return { type: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
}

/** Walks the segments up to the first frame header (SOF0 to SOF15 without DHT, JPG and DAC). */
function readJpeg(bytes: Buffer): Header | null {
  let at = 2
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes.readUInt8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { type: 'jpeg', height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    // Fill bytes and markers without a length.
    if (marker === 0xff) at += 1
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2
    else at += 2 + Math.max(2, bytes.readUInt16BE(at + 2))
  }
  return null
}

function readWebp(bytes: Buffer): Header | null {
  if (bytes.length < 30) return null
  const type = 'webp'
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { type, width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) }
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return { type, width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
    }
    default:
      return { type, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
  }
}

/** The size of the first image: its `ispe` box (ISO/IEC 23008-12, 6.5.3). */
function readAvif(bytes: Buffer): Header | null {
  const at = bytes.subarray(0, 4096).indexOf('ispe')
  if (at < 0 || at + 16 > bytes.length) return null
  return { type: 'avif', width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) }
}
