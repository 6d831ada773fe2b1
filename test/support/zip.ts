import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync } from 'node:zlib'
import yazl from 'yazl'
import type { ArchiveSource } from '../../src/archive/archive.ts'

/** The fields of a header. Each can be falsified. */
interface Header {
  readonly name: string | Buffer
  readonly flags: number
  readonly method: number
  readonly crc32: number
  readonly packedBytes: number
  readonly bytes: number
  readonly extra: Buffer
  /** Only in the directory: mode in the upper half. */
  readonly attributes: number
  /** Only in the directory: version, and system in the upper half. */
  readonly madeBy: number
  readonly comment: Buffer
  readonly from: number
}

/** A file of an archive built by hand. */
export interface Part {
  readonly name: string | Buffer
  readonly bytes: Buffer
  readonly isDeflated?: boolean
  /** Instead of the compressed `bytes`. */
  readonly packed?: Buffer
  /** False values in both headers, and in only one of them. */
  readonly says?: Partial<Header>
  readonly local?: Partial<Header>
  readonly central?: Partial<Header>
  /** Before the local header, and after the data. */
  readonly before?: Buffer
  readonly after?: Buffer
}

export interface End {
  readonly count?: number
  readonly size?: number
  readonly from?: number
  readonly comment?: Buffer
  readonly beforeDirectory?: Buffer
  readonly afterDirectory?: Buffer
}

const u16 = (...values: number[]) => {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, 2 * index)
  return bytes
}
const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index)
  return bytes
}
const u64 = (...values: number[]) => {
  const bytes = Buffer.alloc(8 * values.length)
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 * index)
  return bytes
}

/** Builds a ZIP from these parts, valid or not. */
export function buildZip(parts: readonly Part[], end: End = {}): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  const push = (...buffers: Buffer[]) => {
    for (const bytes of buffers) {
      files.push(bytes)
      at += bytes.length
    }
  }
  for (const { name, bytes, isDeflated = false, before = Buffer.alloc(0), after = Buffer.alloc(0), ...part } of parts) {
    const packed = part.packed ?? (isDeflated ? deflateRawSync(bytes) : bytes)
    push(before)
    const truth: Header = {
      name,
      flags: 0x800,
      method: isDeflated ? 8 : 0,
      crc32: crc32(bytes),
      packedBytes: packed.length,
      bytes: bytes.length,
      extra: Buffer.alloc(0),
      attributes: 0,
      madeBy: 0x031e,
      comment: Buffer.alloc(0),
      from: at,
      ...part.says,
    }
    const local = { ...truth, ...part.local }
    const central = { ...truth, ...part.central }
    const about = ({ name: text, ...header }: Header) => {
      const rawName = Buffer.from(text as string)
      const fixed = Buffer.concat([
        u16(20, header.flags, header.method, 0, 0x21),
        u32(header.crc32, header.packedBytes, header.bytes),
        u16(rawName.length, header.extra.length),
      ])
      return { fixed, rawName }
    }
    const [here, there] = [about(local), about(central)]
    push(u32(0x04034b50), here.fixed, here.rawName, local.extra, packed, after)
    directory.push(
      u32(0x02014b50),
      u16(central.madeBy),
      there.fixed,
      u16(central.comment.length, 0, 0),
      u32(central.attributes, central.from),
      there.rawName,
      central.extra,
      central.comment,
    )
  }
  const { beforeDirectory = Buffer.alloc(0), afterDirectory = Buffer.alloc(0), comment = Buffer.alloc(0) } = end
  push(beforeDirectory)
  const size = directory.reduce((sum, bytes) => sum + bytes.length, 0)
  const count = end.count ?? Math.min(parts.length, 0xffff)
  return Buffer.concat([
    ...files,
    ...directory,
    afterDirectory,
    u32(0x06054b50),
    u16(0, 0, count, count),
    u32(end.size ?? size, end.from ?? at),
    u16(comment.length),
    comment,
  ])
}

/** The newer (zip64) end of an archive, after the directory. */
export const zip64End = (at: { count: number; size: number; from: number; to?: number }): Buffer =>
  Buffer.concat([
    u32(0x06064b50),
    u64(44),
    u16(45, 45),
    u32(0, 0),
    u64(at.count, at.count, at.size, at.from),
    u32(0x07064b50, 0),
    u64(at.to ?? at.from + at.size),
    u32(1),
  ])

/** The descriptor after data whose size was not known before: with or without signature; sizes of 4 or 8 bytes. */
export function descriptorOf(bytes: Buffer, { packed = bytes, signed = true, wide = false } = {}): Buffer {
  const sizes = [packed.length, bytes.length]
  return Buffer.concat([
    signed ? u32(0x08074b50) : Buffer.alloc(0),
    u32(crc32(bytes)),
    wide ? u64(...sizes) : u32(...sizes),
  ])
}

/** Info-ZIP's extra field with a name in UTF-8. */
export function unicodePath(name: string, rawName: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from([1]), u32(crc32(rawName)), Buffer.from(name)])
  return Buffer.concat([u16(0x7075, data.length), data])
}

/** A ZIP made by a library. */
export function packZip(fill: (zip: yazl.ZipFile) => void, options: Partial<yazl.EndOptions> = {}): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  fill(zip)
  zip.end(options as yazl.EndOptions)
  return buffer(zip.outputStream)
}

/** An archive in memory, which records what is read. */
export function bytesSource(bytes: Buffer): ArchiveSource & { readonly reads: { from: number; to: number }[] } {
  const reads: { from: number; to: number }[] = []
  const read = async (from: number, to: number) => {
    if (from < 0 || to > bytes.length || from > to) throw new RangeError(`${from} to ${to} of ${bytes.length} bytes`)
    reads.push({ from, to })
    return bytes.subarray(from, to)
  }
  return { bytes: bytes.length, read, reads }
}
