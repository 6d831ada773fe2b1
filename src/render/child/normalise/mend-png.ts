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
  let mended: Buffer | null = null
  let at = SIGNATURE_BYTES
  while (at + FRAME_BYTES <= bytes.length) {
    const end = at + FRAME_BYTES + bytes.readUInt32BE(at)
    if (end > bytes.length) {
      const body = bytes.subarray(at + 4)
      return Buffer.concat([
        (mended ?? bytes).subarray(0, at),
        numberOf(body.length - 4),
        body,
        numberOf(crc32(body)),
        END,
      ])
    }
    const checksum = crc32(bytes.subarray(at + 4, end - 4))
    if (checksum !== bytes.readUInt32BE(end - 4)) {
      mended ??= Buffer.from(bytes)
      mended.writeUInt32BE(checksum, end - 4)
    }
    if (bytes.toString('latin1', at + 4, at + 8) === 'IEND') return mended ?? bytes
    at = end
  }
  return Buffer.concat([(mended ?? bytes).subarray(0, at), END])
}

function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
