import { gunzipSync } from 'node:zlib'
import { AppError } from '../../../core/errors.ts'
import { LIMITS } from './limits.ts'

/** The ratio is checked above this size: small documents may compress well. */
const RATIO_FROM_BYTES = 100_000

/**
 * The document's bytes, decompressed if it is an SVGZ. The output of all gzip members together is limited during decompression. Gzip
 * within gzip is refused. Throws TOO_LARGE, NOT_SVG or EMPTY.
 */
export function unpack(bytes: Uint8Array): Uint8Array {
  if (bytes.length > LIMITS.sourceBytes) {
    throw new AppError('TOO_LARGE', `The file has ${bytes.length} bytes; at most ${LIMITS.sourceBytes} are allowed.`)
  }
  if (bytes.length === 0) throw new AppError('EMPTY', 'The file has no bytes.')
  if (!isGzip(bytes)) return bytes
  const maxOutputLength = Math.min(
    LIMITS.unpackedBytes,
    Math.max(bytes.length * LIMITS.unpackedRatio, RATIO_FROM_BYTES),
  )
  const unpacked = gunzip(bytes, maxOutputLength)
  if (isGzip(unpacked)) throw new AppError('NOT_SVG', 'The file is compressed twice; compress it once or not at all.')
  return unpacked
}

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b

function gunzip(bytes: Uint8Array, maxOutputLength: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new AppError('TOO_LARGE', `The file decompresses to more than ${maxOutputLength} bytes.`, { cause: error })
    throw new AppError('NOT_SVG', 'The file starts like gzip but cannot be decompressed.', { cause: error })
  }
}
