import { crc32 } from 'node:zlib'

const SIGNATURE_BYTES = 8
/** Length, name and checksum of a chunk. */
const FRAME_BYTES = 12
const END = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82])

/**
 * A PNG with right checksums and an end, so that a decoder reads what there is of it, as browsers do. The same buffer if nothing has to be
 * mended. PNG specification, 5.3.
 */
export function mendPng(bytes: Buffer): Buffer {
  const mended: Buffer[] = [bytes.subarray(0, SIGNATURE_BYTES)]
  let isWhole = true
  for (let at = SIGNATURE_BYTES; at + FRAME_BYTES <= bytes.length; ) {
    const stated = at + FRAME_BYTES + bytes.readUInt32BE(at)
    const end = Math.min(stated, bytes.length)
    const body = bytes.subarray(at + 4, stated > bytes.length ? end : end - 4)
    if (body.toString('latin1', 0, 4) === 'IEND') return isWhole ? bytes : Buffer.concat([...mended, END])
    isWhole &&= stated <= bytes.length && crc32(body) === bytes.readUInt32BE(end - 4)
    mended.push(numberOf(body.length - 4), body, numberOf(crc32(body)))
    at = end
  }
  return Buffer.concat([...mended, END])
}

function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
