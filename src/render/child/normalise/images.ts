import sharp, { type Metadata, type Sharp } from 'sharp'
import { LIMITS } from './limits.ts'
import { mendPng } from './mend-png.ts'
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
 * for one that is left out. The type is detected from the bytes, and the size is read from the header before anything is decoded. Pictures
 * that both engines draw as Chromium does are kept; all others are decoded here, because the engines do not support WebP, GIF, AVIF,
 * orientation, colour profiles and damaged PNGs.
 */
export async function readPicture(bytes: Buffer): Promise<Picture | Warning> {
  if (bytes.length > LIMITS.imageBytes) return 'TOO_LARGE'
  // Checked first, since sharp also reads SVG.
  if (!SIGNATURE.test(bytes.toString('latin1', 0, 16))) return 'PICTURE_LEFT_OUT'
  try {
    const header = await sharp(bytes, OPTIONS).metadata()
    if (header.width * header.height > LIMITS.imagePixels) return 'TOO_LARGE'
    const mended = header.format === 'png' ? mendPng(bytes) : bytes
    return mended === bytes && isDrawnAsItIs(bytes, header) ? keep(bytes, header) : await decode(mended, header)
  } catch {
    return 'PICTURE_LEFT_OUT'
  }
}

/** PNG, JPEG, GIF, WebP, AVIF. */
const SIGNATURE = /^(?:\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF[\s\S]{4}WEBP|[\s\S]{4}ftypavi[fs])/
/** As browsers do, it draws what there is of a damaged file. */
const OPTIONS = { limitInputPixels: LIMITS.imagePixels, failOn: 'none', sequentialRead: true } as const

function isDrawnAsItIs(
  bytes: Buffer,
  { format, width, height, orientation = 1, hasProfile, space }: Metadata,
): boolean {
  const isSmall = bytes.length <= LIMITS.keptImageBytes && Math.max(width, height) <= LIMITS.imageSide
  const isPlain = orientation === 1 && !hasProfile && space !== 'cmyk'
  return (format === 'png' || format === 'jpeg') && isSmall && isPlain
}

function keep(bytes: Buffer, { format, width, height }: Metadata): Picture {
  return { uri: uriOf(format, bytes), bytes: bytes.length, pixels: width * height, width, height }
}

/** Above this many px a PNG would be megabytes that an engine has to decode again. */
const PNG_MAX_PIXELS = 500_000

async function decode(bytes: Buffer, header: Metadata): Promise<Picture> {
  const { width, height } = upright(header)
  const shrink = Math.min(1, LIMITS.shrunkImageSide / Math.max(width, height))
  const [shrunkWidth, shrunkHeight] = [width, height].map((side) => Math.max(1, Math.round(side * shrink))) as [
    number,
    number,
  ]
  const isRawCmyk = header.space === 'cmyk' && !header.hasProfile
  const image = (isRawCmyk ? await readCmyk(bytes) : sharp(bytes, OPTIONS)).autoOrient()
  if (shrink < 1) image.resize(shrunkWidth, shrunkHeight, { fit: 'fill' })
  const pixels = shrunkWidth * shrunkHeight
  const isPng = header.hasAlpha || pixels <= PNG_MAX_PIXELS
  const encoded = isPng ? image.png({ compressionLevel: 1 }) : image.jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
  const uri = uriOf(isPng ? 'png' : 'jpeg', await encoded.toBuffer())
  return { uri, bytes: bytes.length, pixels, width, height }
}

/** Inks without a profile are multiplied, as in browsers; sharp would assume a press and paper. */
async function readCmyk(bytes: Buffer): Promise<Sharp> {
  const { data, info } = await sharp(bytes, OPTIONS)
    .autoOrient()
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const rgb = Buffer.alloc((data.length / 4) * 3)
  for (let at = 0, to = 0; at < data.length; at += 4)
    for (let ink = 0; ink < 3; ink++)
      rgb[to++] = ((255 - (data[at + ink] as number)) * (255 - (data[at + 3] as number))) / 255
  return sharp(rgb, { raw: { width: info.width, height: info.height, channels: 3 } })
}

const upright = ({ width, height, autoOrient, pageHeight }: Metadata): { width: number; height: number } => ({
  width: autoOrient.width || width,
  height: pageHeight ?? (autoOrient.height || height),
})

const uriOf = (type: string, bytes: Buffer): string => `data:image/${type};base64,${bytes.toString('base64')}`
