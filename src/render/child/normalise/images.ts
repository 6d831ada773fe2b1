import sharp, { type Metadata } from 'sharp'
import { type Header, readHeader } from './image-header.ts'
import { LIMITS } from './limits.ts'
import type { Warning } from './names.ts'

export interface Picture {
  /** A data URI that both engines draw: the type is the one that the bytes have. */
  readonly uri: string
  /** Of what was embedded. */
  readonly bytes: number
  /** Of what is drawn. */
  readonly pixels: number
  /** As a browser sees it: upright, before it is shrunk. In px. */
  readonly width: number
  readonly height: number
}

/**
 * An embedded PNG, JPEG, GIF, WebP or AVIF as an upright PNG or JPEG of at most 4096 px and a megabyte, or the warning for
 * what is left out. The type is decided by the bytes and the size by the header before any decoder sees them. What both
 * engines draw as Chromium does stays as it is, all else is decoded here: their own decoders know no WebP, GIF or AVIF, no
 * orientation and no colour profile.
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

/** Enough for the segments before a picture's data that say how it is meant. */
const HEAD_BYTES = 4096

/** Above this many px a PNG would be megabytes that an engine has to read again. */
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
