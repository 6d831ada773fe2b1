import type { ArchiveSource } from './archive.ts'
import { describeNotZip, HEAD_BYTES } from './not-zip.ts'
import type { ProblemCode } from './problems.ts'

/** Where the directory is, according to the records behind it. */
export interface ZipEnd {
  readonly from: number
  readonly to: number
  /** How many entries it has; of those above 65,535 perhaps only the remainder, as Archive Utility of macOS writes it. */
  readonly count: number
  /** Bytes behind the end of the archive, which other programs ignore too. */
  readonly trailingBytes: number
}

type Failed = { readonly code: ProblemCode; readonly message: string }

const END = 0x06054b50
const END_BYTES = 22
const ZIP64_LOCATOR = 0x07064b50
const ZIP64_LOCATOR_BYTES = 20
const ZIP64_END = 0x06064b50
const ZIP64_END_BYTES = 56
const COMMENT_MAX = 0xffff
/** Line breaks of a transfer, padding to a block. */
const TRAILING_MAX = 0xffff

/**
 * Finds the last end record. It must describe the bytes before it, and the older and the newer (zip64) record must agree: else programs
 * disagree about the files. Offsets: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.14 to 4.3.16
 */
export async function findZipEnd(source: ArchiveSource): Promise<ZipEnd | Failed> {
  const tailFrom = Math.max(0, source.bytes - END_BYTES - COMMENT_MAX - TRAILING_MAX)
  const tail = Buffer.from(await source.read(tailFrom, source.bytes))
  const found = findEndRecord(tail)
  if (found === null) {
    const head = await source.read(0, Math.min(source.bytes, HEAD_BYTES))
    return { code: 'NOT_ZIP', message: describeNotZip(head.toString('latin1'), source.bytes) }
  }
  const end = tail.subarray(found)
  const endFrom = tailFrom + found
  const trailingBytes = end.length - END_BYTES - end.readUInt16LE(20)
  const older = { count: end.readUInt16LE(10), size: end.readUInt32LE(12), from: end.readUInt32LE(16) }
  const [disk, onThisDisk] = [end.readUInt16LE(4), end.readUInt16LE(8)]
  const locatorFrom = endFrom - ZIP64_LOCATOR_BYTES
  const newer = await readZip64End(source, locatorFrom)
  if (newer === 'broken') return broken(`The archive's end at byte ${endFrom} leads to another list of files`)
  if ((newer === null && disk !== 0) || (newer && newer.disk !== 0)) return { code: 'NOT_ZIP', message: SPLIT }
  if (newer === null) {
    if (older.from + older.size !== endFrom) return outOfPlace(older, endFrom)
    if (onThisDisk !== older.count)
      return broken(`The archive's end says ${onThisDisk} files on this disk, and ${older.count} in all`)
    return { from: older.from, to: endFrom, count: older.count, trailingBytes }
  }
  const claims = [
    ['files on this disk', onThisDisk, 0xffff, newer.count],
    ['files', older.count, 0xffff, newer.count],
    ['bytes of its list of files', older.size, 0xffffffff, newer.size],
    ['as the beginning of its list', older.from, 0xffffffff, newer.from],
  ] as const
  for (const [what, claimed, seeZip64, is] of claims)
    if (claimed !== is && claimed !== seeZip64)
      return broken(`The archive's end says ${claimed} ${what}, and its newer one ${is}`)
  if (newer.from + newer.size !== newer.at) return outOfPlace(newer, newer.at)
  return { from: newer.from, to: newer.at, count: newer.count, trailingBytes }
}

const SPLIT =
  'The file is one part of a split archive: join the parts (zip -s 0 in.zip --out whole.zip), or pack it as one file.'

const broken = (sentence: string): Failed => ({ code: 'BROKEN_DIRECTORY', message: `${sentence}: pack it again.` })

/** The offset of the last end record that is whole, in the last bytes of the file. */
function findEndRecord(tail: Buffer): number | null {
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END) continue
    if (at + END_BYTES + tail.readUInt16LE(at + 20) <= tail.length) return at
  }
  return null
}

/** A list of files that does not end where its end record begins. */
function outOfPlace({ from, size }: { from: number; size: number }, endFrom: number): Failed {
  const before = endFrom - from - size
  return before > 0
    ? broken(
        `The archive's end is ${before} bytes later than it says, as when a program is put before it (a self-extracting archive) or a transfer changes line breaks`,
      )
    : {
        code: 'BROKEN_DIRECTORY',
        message: `The archive's end is ${-before} bytes earlier than it says, so its beginning is missing: if the file is the last part of a split archive, join the parts, else pack or copy it again.`,
      }
}

interface Zip64End {
  readonly at: number
  readonly disk: number
  readonly count: number
  readonly size: number
  readonly from: number
}

/** The newer end record; null if there is none, `broken` if it is not directly before what leads to it. */
async function readZip64End(source: ArchiveSource, locatorFrom: number): Promise<Zip64End | null | 'broken'> {
  if (locatorFrom < 0) return null
  const locator = Buffer.from(await source.read(locatorFrom, locatorFrom + ZIP64_LOCATOR_BYTES))
  if (locator.readUInt32LE(0) !== ZIP64_LOCATOR) return null
  const at = Number(locator.readBigUInt64LE(8))
  if (at + ZIP64_END_BYTES > locatorFrom) return 'broken'
  const record = Buffer.from(await source.read(at, at + ZIP64_END_BYTES))
  if (record.readUInt32LE(0) !== ZIP64_END || record.readBigUInt64LE(4) !== BigInt(locatorFrom - at - 12))
    return 'broken'
  const [onThisDisk, count, size, from] = [24, 32, 40, 48].map((offset) => Number(record.readBigUInt64LE(offset)))
  if (onThisDisk !== count || count === undefined || size === undefined || from === undefined) return 'broken'
  return { at, disk: record.readUInt32LE(16), count, size, from }
}
