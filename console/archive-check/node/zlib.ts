import { Buffer } from 'buffer/'
import { Inflate } from 'pako'

/** In place of the functions of node:zlib that the check of archives uses. */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** The CRC of ZIP archives: https://www.w3.org/TR/png/#D-CRCAppendix */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  return ~crc >>> 0
}

interface Options {
  readonly maxOutputLength: number
  readonly chunkSize: number
}

interface Inflated {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/** Input that ends before its stream does. */
const TRUNCATED = -5

/** Throws as Node does, with the sentences of zlib, and ERR_BUFFER_TOO_LARGE as soon as there is more than the most. */
export function inflateRawSync(packed: Uint8Array, { maxOutputLength, chunkSize }: Options): Inflated {
  const inflate = new Inflate({ raw: true, chunkSize })
  const chunks: Uint8Array[] = []
  let length = 0
  inflate.onData = (chunk: Uint8Array) => {
    length += chunk.length
    if (length > maxOutputLength)
      throw Object.assign(new Error(`more than ${maxOutputLength} bytes`), { code: 'ERR_BUFFER_TOO_LARGE' })
    chunks.push(chunk)
  }
  inflate.push(packed, true)
  if (inflate.err === TRUNCATED || (!inflate.err && !inflate.ended)) throw new Error('unexpected end of file')
  if (inflate.err) throw new Error(inflate.msg)
  const { total_in } = (inflate as unknown as { strm: { total_in: number } }).strm
  return { buffer: Buffer.concat(chunks), engine: { bytesWritten: total_in } }
}

/** A worker of the browser has nothing else to do meanwhile. */
export function inflateRaw(
  packed: Uint8Array,
  options: Options,
  callback: (error: Error | null, result?: Inflated) => void,
): void {
  let result: Inflated
  try {
    result = inflateRawSync(packed, options)
  } catch (error) {
    callback(error as Error)
    return
  }
  callback(null, result)
}
