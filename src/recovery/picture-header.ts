import type { ImageFormat } from '../core/variant.ts'
import { readWebpHeader } from '../import/webp-header.ts'

/** Bytes at the start of a picture that hold its size. */
export const PICTURE_HEADER_BYTES = 1024

interface PictureHeader {
  /** px */
  readonly width: number
  readonly height: number
  readonly lossless: boolean
}

/** Reads the start of a picture that this service has made; null for anything else, and for a truncated WebP. */
export function readPictureHeader(format: ImageFormat, start: Buffer, bytes: number): PictureHeader | null {
  if (format === 'WEBP') {
    const header = readWebpHeader(start)
    return header?.bytes === bytes ? header : null
  }
  return format === 'PNG' ? readPng(start) : readAvif(start)
}

/** The chunk IHDR comes first: PNG, third edition, section 11.2.1. */
function readPng(start: Buffer): PictureHeader | null {
  if (start.length < 24 || start.toString('latin1', 1, 4) !== 'PNG' || start.toString('latin1', 12, 16) !== 'IHDR')
    return null
  return { width: start.readUInt32BE(16), height: start.readUInt32BE(20), lossless: true }
}

/** The property `ispe`: version and flags, width, height (ISO/IEC 23008-12, section 6.5.3). */
function readAvif(start: Buffer): PictureHeader | null {
  if (start.toString('latin1', 4, 12) !== 'ftypavif') return null
  const at = start.indexOf('ispe')
  if (at < 0 || at + 16 > start.length) return null
  return { width: start.readUInt32BE(at + 8), height: start.readUInt32BE(at + 12), lossless: false }
}
