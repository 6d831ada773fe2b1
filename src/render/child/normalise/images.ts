import sharp, { type Metadata } from 'sharp'
import { type Header, readHeader } from './image-header.ts'
import { LIMITS } from './limits.ts'
import type { Warning } from './names.ts'

export interface Picture {
  /** A data URI that both engines draw; its type is that of the bytes. */
  readonly uri: string
  /** Size of the embedded file. */
  readonly bytes: number
  /** Number of pixels drawn. */
  readonly pixels: number
  /** Size in px as a browser sees it: after orientation, before downscaling. */
  readonly width: number
  readonly height: number
}

/**
 * Converts an embedded PNG, JPEG, GIF, WebP or AVIF to an upright PNG or JPEG of at most 4096 px and a megabyte, or returns the warning
 * for one that is left out. The type is detected from the bytes, and the size is read from the header before any decoder runs. Pictures
 * that both engines draw as Chromium does are kept; all others are decoded here, because the engines do not support WebP, GIF, AVIF,
 * orientation and colour profiles.
 */
export async function readPicture(bytes: Buffer): Promise<Picture | Warning> {
  if (bytes.length > LIMITS.imageBytes) return 'TOO_LARGE'
  const header = readHeader(bytes)
  if (header === null || header.width * header.height === 0) return 'PICTURE_LEFT_OUT'
  if (header.width * header.height > LIMITS.imagePixels) return 'TOO_LARGE'
  if (isDrawnAsItIs(bytes, header)) {
    const { type, width, height } = header
    return { uri: uriOf(type, bytes), bytes: bytes.length, pixels: width * height, width, height }
  }
  try {
    return await decode(bytes)
  } catch {
    return 'PICTURE_LEFT_OUT'
  }
}

function isDrawnAsItIs(bytes: Buffer, { type, width, height }: Header): boolean {
  const isSmall = bytes.length <= LIMITS.keptImageBytes && Math.max(width, height) <= LIMITS.imageSide
  const head = bytes.subarray(0, HEAD_BYTES)
  if (type === 'png') return isSmall && !head.includes('iCCP')
  return type === 'jpeg' && isSmall && !head.includes('Exif\0') && !head.includes('ICC_PROFILE')
}

/** Enough for the segments before the image data, which hold orientation and colour profile. */
const HEAD_BYTES = 4096

/** Above this many px a PNG would be megabytes that an engine has to decode again. */
const PNG_MAX_PIXELS = 500_000

async function decode(bytes: Buffer): Promise<Picture | Warning> {
  const options = { limitInputPixels: LIMITS.imagePixels, failOn: 'none', sequentialRead: true } as const
  const metadata = await sharp(bytes, options).metadata()
  const { width, height } = upright(metadata)
  const shrink = Math.min(1, LIMITS.shrunkImageSide / Math.max(width, height))
  const [shrunkWidth, shrunkHeight] = [width, height].map((side) => Math.max(1, Math.round(side * shrink))) as [
    number,
    number,
  ]
  const image = sharp(bytes, options).autoOrient()
  if (shrink < 1) image.resize(shrunkWidth, shrunkHeight, { fit: 'fill' })
  const pixels = shrunkWidth * shrunkHeight
  const isPng = metadata.hasAlpha || pixels <= PNG_MAX_PIXELS
  const encoded = isPng ? image.png({ compressionLevel: 1 }) : image.jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
  const uri = uriOf(isPng ? 'png' : 'jpeg', await encoded.toBuffer())
  return { uri, bytes: bytes.length, pixels, width, height }
}

const upright = ({ width, height, autoOrient, pageHeight }: Metadata): { width: number; height: number } => ({
  width: autoOrient.width || width,
  height: pageHeight ?? (autoOrient.height || height),
})

const uriOf = (type: string, bytes: Buffer): string => `data:image/${type};base64,${bytes.toString('base64')}`
