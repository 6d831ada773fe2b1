import { EventEmitter } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import * as yauzl from 'yauzl'
import { AppError } from '../core/errors.ts'
import type { ArchiveSource } from './archive.ts'
import type { ArchiveLimits } from './limits.ts'
import type { ProblemCode, Problems } from './problems.ts'
import { inspectEntry, type ZipEntry } from './zip-entry.ts'

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[]
  /** The first entry of each folded name: see foldName. */
  readonly names: ReadonlyMap<string, ZipEntry>
  /** The offset of the directory, which is where the files must end. */
  readonly from: number
}

/** A read-ahead window holds thousands: the event loop runs in between. */
const ENTRIES_PER_TICK = 1000

interface Check {
  readonly limits: ArchiveLimits
  readonly problems: Problems
}

/**
 * Reads the directory of a ZIP archive and checks each entry by itself; null if it cannot be read to its end. Adds to the problems.
 * Memory: the names.
 */
export async function readCentralDirectory(
  source: ArchiveSource,
  { limits, problems }: Check,
): Promise<ZipDirectory | null> {
  const fail = (code: ProblemCode, message: string) => {
    problems.add({ code, file: null, pointer: null, message })
    return null
  }
  const zip = await open(source).catch(archiveError)
  if (zip instanceof Error)
    return fail('NOT_ZIP', `The file is not a complete ZIP archive (${zip.message}): pack it again.`)
  if (zip.entryCount > limits.entries)
    return fail(
      'TOO_MANY_ENTRIES',
      `The archive has ${zip.entryCount} files and folders; at most ${limits.entries} are allowed: pack several archives.`,
    )
  const from = cursorOf(zip)
  const entries: ZipEntry[] = []
  const names = new Map<string, ZipEntry>()
  let bytes = 0
  try {
    for await (const entry of zip.eachEntry()) {
      const inspected = inspectEntry(entry, { limits, problems, names })
      // An entry that is too large by itself has been reported.
      bytes += inspected.isValid ? inspected.bytes : 0
      if (entries.push(inspected) % ENTRIES_PER_TICK === 0) await nextTurn()
    }
  } catch (error) {
    const { message } = archiveError(error)
    return fail(
      message.includes('encryption') ? 'ENCRYPTED' : 'BROKEN_DIRECTORY',
      `The list of files breaks off after ${entries.length} of ${zip.entryCount} (${message}): pack the archive again.`,
    )
  }
  if (bytes > limits.totalBytes)
    return fail(
      'TOTAL_TOO_LARGE',
      `The uncompressed files have ${bytes} bytes; at most ${limits.totalBytes} are allowed: pack several archives.`,
    )
  const inconsistency = await findInconsistency(source, { zip, from, to: cursorOf(zip) })
  if (inconsistency) return fail('BROKEN_DIRECTORY', `The archive's end ${inconsistency}: pack it again.`)
  return { entries, names, from }
}

/** An error of the archive; rethrows errors of the source. */
function archiveError(error: unknown): Error {
  if (error instanceof AppError) throw error
  return error as Error
}

const cursorOf = (zip: yauzl.ZipFile): number => Number(zip.readEntryCursor)

function open(source: ArchiveSource): Promise<yauzl.ZipFile> {
  const read = (buffer: Buffer, ...rest: [offset: number, length: number, position: number, done: Done]) => {
    const [offset, length, position, done] = rest
    if (position + length > source.bytes) done(new Error('it points beyond its own end'))
    else
      source.read(position, position + length).then((bytes) => {
        bytes.copy(buffer, offset)
        done(null)
      }, done)
  }
  // Raw names and unchecked sizes: a problem of one entry must not hide those of others.
  const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false }
  const reader = Object.assign(new EventEmitter(), { read, ref: () => {}, unref: () => {} })
  return yauzl.fromRandomAccessReaderPromise(reader as unknown as yauzl.RandomAccessReader, source.bytes, options)
}

type Done = (error: Error | null) => void

const END_BYTES = 22
const ZIP64_LOCATOR_BYTES = 20
const ZIP64_END = 0x06064b50

/**
 * The end record must describe the directory that was read. If the older and the newer (zip64) record differ, programs disagree about the
 * files; if the count is too low, some see fewer files. Offsets: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.14 to
 * 4.3.16
 */
async function findInconsistency(
  source: ArchiveSource,
  { zip, from, to }: { zip: yauzl.ZipFile; from: number; to: number },
): Promise<string | null> {
  // A Buffer, because names are not decoded.
  const endFrom = source.bytes - END_BYTES - zip.comment.length
  const isZip64 = to !== endFrom
  if (to > endFrom) return 'is inside its list of files'
  const end = Buffer.from(await source.read(endFrom, endFrom + END_BYTES))
  const claims = [
    ['files on this disk', end.readUInt16LE(8), 0xffff, zip.entryCount],
    ['files', end.readUInt16LE(10), 0xffff, zip.entryCount],
    ['bytes of its list of files', end.readUInt32LE(12), 0xffffffff, to - from],
    ['as the beginning of its list', end.readUInt32LE(16), 0xffffffff, from],
  ] as const
  for (const [what, claimed, seeZip64, is] of claims)
    if (claimed !== is && !(isZip64 && claimed === seeZip64)) return `says ${claimed} ${what}, and it is ${is}`
  if (!isZip64) return null
  const record = Buffer.from(await source.read(to, Math.min(to + 56, endFrom)))
  const isWhole =
    record.length === 56 &&
    record.readUInt32LE(0) === ZIP64_END &&
    record.readBigUInt64LE(4) === BigInt(endFrom - ZIP64_LOCATOR_BYTES - to - 12) &&
    record.readBigUInt64LE(40) === BigInt(to - from)
  if (!isWhole) return `begins at ${endFrom}, and the list of ${zip.entryCount} files ends at ${to}`
  const locator = Buffer.from(await source.read(endFrom - ZIP64_LOCATOR_BYTES, endFrom))
  return locator.readBigUInt64LE(8) === BigInt(to) ? null : 'leads to another list of files'
}
