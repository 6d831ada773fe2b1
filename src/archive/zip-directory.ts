import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { ArchiveSource } from './archive.ts'
import type { ArchiveLimits } from './limits.ts'
import { decodeUtf8, type RawName } from './names.ts'
import type { ProblemCode, Problems } from './problems.ts'
import { findZipEnd } from './zip-end.ts'

/** An entry as the directory has it, unchecked. No Buffer is kept: there may be a hundred thousand. */
export interface ZipRecord extends RawName {
  /** Truncated if it is longer than allowed. */
  readonly rawName: string
  readonly nameBytes: number
  /** Version in the lower byte, system in the upper: APPNOTE.TXT 4.4.2. */
  readonly madeBy: number
  /** Ids of its extra fields. */
  readonly extras: readonly number[]
  readonly flags: number
  readonly method: number
  readonly crc32: number
  readonly packedBytes: number
  readonly bytes: number
  readonly attributes: number
  /** The offset of its local header. */
  readonly from: number
}

export interface ZipDirectory {
  readonly records: readonly ZipRecord[]
  /** The offset of the directory, which is where the files must end. */
  readonly from: number
  /** Bytes behind the end of the archive. */
  readonly trailingBytes: number
}

/** Most have records for thousands: the event loop runs in between. */
const CHUNK_BYTES = 1_000_000
/** Folders, and what file systems leave behind, come on top of the files that are allowed. */
const RECORDS_PER_ENTRY = 3

/**
 * Reads the directory of a ZIP archive; null if it cannot be read to its end, with the reason added to the problems. Memory: the names.
 * Offsets: APPNOTE.TXT 4.3.12
 */
export async function readCentralDirectory(
  source: ArchiveSource,
  { limits, problems }: { limits: ArchiveLimits; problems: Problems },
): Promise<ZipDirectory | null> {
  const fail = (code: ProblemCode, message: string) => {
    problems.add({ code, file: null, pointer: null, message })
    return null
  }
  const end = await findZipEnd(source)
  if ('code' in end) return fail(end.code, end.message)
  const max = limits.entries * RECORDS_PER_ENTRY
  const tooMany = (count: number) =>
    fail(
      'TOO_MANY_ENTRIES',
      `The archive has ${count} files and folders; at most ${limits.entries} are allowed: pack several archives.`,
    )
  if (end.count > max) return tooMany(end.count)
  const records: ZipRecord[] = []
  const brokenAt = (at: number, what: string) =>
    fail(
      'BROKEN_DIRECTORY',
      `The list of files breaks off after ${records.length} of ${end.count} at byte ${at}, where ${what}: pack the archive again.`,
    )
  let at = end.from
  while (at < end.to) {
    // A view of the read-ahead window, which moves.
    const chunk = Buffer.from(await source.read(at, Math.min(end.to, at + CHUNK_BYTES)))
    let next = 0
    while (chunk.length - next >= RECORD_BYTES && records.length <= max) {
      if (chunk.readUInt32LE(next) !== RECORD) return brokenAt(at + next, 'something else begins')
      const length = lengthOf(chunk, next)
      if (next + length > chunk.length) break
      const record = readRecord(chunk.subarray(next, next + length), limits.nameBytes)
      if (!record) return brokenAt(at + next, 'the fields of a file are longer than it')
      records.push(record)
      next += length
    }
    if (records.length > max) return tooMany(records.length)
    if (next === 0) return brokenAt(at, 'a file is not complete')
    at += next
    await nextTurn()
  }
  // Archive Utility of macOS, and old versions of Java, count modulo 65,536.
  if (records.length !== end.count && records.length % 65_536 !== end.count)
    return fail(
      'BROKEN_DIRECTORY',
      `The archive's end says ${end.count} files, and its list has ${records.length}: pack it again.`,
    )
  return { records, from: end.from, trailingBytes: end.trailingBytes }
}

const RECORD = 0x02014b50
const RECORD_BYTES = 46
const UTF8_BIT = 0x800

const lengthOf = (chunk: Buffer, at: number): number =>
  RECORD_BYTES + chunk.readUInt16LE(at + 28) + chunk.readUInt16LE(at + 30) + chunk.readUInt16LE(at + 32)

/** Null if its extra fields contradict its length. */
function readRecord(record: Buffer, nameBytesMax: number): ZipRecord | null {
  const nameBytes = record.readUInt16LE(28)
  const name = record.subarray(RECORD_BYTES, RECORD_BYTES + nameBytes)
  const extra = readExtra(record.subarray(RECORD_BYTES + nameBytes, RECORD_BYTES + nameBytes + record.readUInt16LE(30)))
  if (!extra) return null
  const sizes = [record.readUInt32LE(24), record.readUInt32LE(20), record.readUInt32LE(42)] as const
  const wide = readZip64Sizes(sizes, extra.get(ZIP64))
  if (!wide) return null
  const [bytes, packedBytes, from] = wide
  const flags = record.readUInt16LE(8)
  const unicode = extra.get(UNICODE_PATH)
  return {
    rawName: name.toString('latin1', 0, nameBytesMax),
    nameBytes,
    isDeclaredUtf8: (flags & UTF8_BIT) !== 0,
    unicodeName: unicode ? readUnicodePath(unicode, name) : null,
    madeBy: record.readUInt16LE(4),
    extras: extra.size > 0 ? [...extra.keys()] : NO_EXTRAS,
    flags,
    method: record.readUInt16LE(10),
    crc32: record.readUInt32LE(16),
    packedBytes,
    bytes,
    attributes: record.readUInt32LE(38),
    from,
  }
}

const NO_EXTRAS: readonly number[] = []
const ZIP64 = 0x0001
const UNICODE_PATH = 0x7075
const ALL_ONES = 0xffffffff

/** The first extra field of each id; null if one is longer than the rest. One to three bytes behind the last are padding. */
function readExtra(extra: Buffer): ReadonlyMap<number, Buffer> | null {
  const fields = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= extra.length; ) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)]
    if (at + 4 + length > extra.length) return null
    if (!fields.has(id)) fields.set(id, extra.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return fields
}

/** Sizes that do not fit are in the extra field, in this order; null if they are not. */
function readZip64Sizes(
  sizes: readonly [number, number, number],
  field: Buffer | undefined,
): readonly [number, number, number] | null {
  let at = 0
  const take = (size: number) => {
    if (size !== ALL_ONES) return size
    at += 8
    return field && at <= field.length ? Number(field.readBigUInt64LE(at - 8)) : Number.NaN
  }
  const wide = [take(sizes[0]), take(sizes[1]), take(sizes[2])] as const
  return wide.some(Number.isNaN) ? null : wide
}

const UNICODE_PATH_VERSION = 1

/** The name in an extra field 0x7075; null if it belongs to another name or is not UTF-8: APPNOTE.TXT 4.6.9. */
const readUnicodePath = (data: Buffer, rawName: Uint8Array): string | null =>
  data.length > 5 && data[0] === UNICODE_PATH_VERSION && data.readUInt32LE(1) === crc32(rawName)
    ? decodeUtf8(data.subarray(5))
    : null
