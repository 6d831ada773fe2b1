import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { crc32, inflateRaw, inflateRawSync } from 'node:zlib'
import type { ArchiveSource } from './archive.ts'
import { openCauses } from './causes.ts'
import { type ProblemCode, type Problems, show } from './problems.ts'
import type { ZipEntry } from './zip-entry.ts'

interface Reader {
  readonly problems: Problems
  readonly maker: string | null
  readonly onFile: (entry: ZipEntry, bytes: Buffer) => void
}

/**
 * Reads the archive from end to end: each local header must repeat the directory's entry, every byte must belong to exactly one file, and
 * each file without a problem so far is decompressed and compared with its size and CRC. Memory: one file. @param onFile gets each valid
 * file's bytes, a view that is valid until it returns
 */
export async function readFiles(
  source: ArchiveSource,
  { entries, from: end }: { entries: readonly ZipEntry[]; from: number },
  { problems, maker, onFile }: Reader,
): Promise<void> {
  const { report, flush } = openCauses(problems, maker)
  const add = (code: ProblemCode, name: string, one: string, many: (files: string) => string) =>
    report({ code, cause: code + many(''), name, one, many: (n, first) => many(`${n} files, such as ${show(first)},`) })
  const sorted = entries.toSorted((a, b) => a.from - b.from)
  /** The offset at which the next file must begin; null after one whose end is unknown. */
  let expected: number | null = await skipSpanMarker(source)
  for (const [index, entry] of sorted.entries()) {
    if (index % FILES_PER_TICK === 0) await nextTurn()
    const { name } = entry
    if (expected !== null && entry.from < expected) {
      add(
        'OVERLAP',
        name,
        `The file begins at byte ${entry.from}, inside another one: pack the archive again.`,
        (files) => `${files} begin inside others: pack the archive again.`,
      )
      continue
    }
    if (expected !== null && entry.from > expected && entry.from < end) {
      const stray = `${entry.from - expected} bytes before it belong to no file`
      add(
        'STRAY_BYTES',
        name,
        index === 0
          ? `${stray}, as the program of a self-extracting archive: pack it as a plain ZIP archive.`
          : `${stray}: pack the archive again.`,
        (files) => `Before ${files} there are bytes that belong to no file: pack the archive again.`,
      )
    }
    const local = await readLocalHeader(source, entry, end)
    if ('reason' in local) {
      add(
        'LOCAL_HEADER',
        name,
        `The header before the file ${local.reason}: pack the archive again.`,
        (files) => `The header before each of ${files} ${local.reason}: pack the archive again.`,
      )
      expected = null
      continue
    }
    const dataTo = local.dataFrom + entry.packedBytes
    if (dataTo > end) {
      add(
        'OVERLAP',
        name,
        `The file ends at byte ${dataTo}, inside the list of files: pack the archive again.`,
        (files) => `${files} end inside the list of files: pack the archive again.`,
      )
      expected = null
      continue
    }
    const next = sorted[index + 1]?.from ?? end
    const descriptorBytes = local.hasDescriptor ? await findDescriptor(source, entry, { from: dataTo, to: next }) : 0
    if (descriptorBytes === null)
      add(
        'LOCAL_HEADER',
        name,
        'The data descriptor after the file contradicts the list of files: pack the archive again.',
        (files) => `The data descriptors after ${files} contradict the list of files: pack the archive again.`,
      )
    expected = dataTo + (descriptorBytes ?? Math.min(Math.max(next - dataTo, 0), DESCRIPTOR_MAX))
    if (!entry.isValid) continue
    const unpacked = await unpack(entry, await source.read(local.dataFrom, dataTo))
    if ('code' in unpacked) add(unpacked.code, name, unpacked.message, unpacked.ofMany)
    else onFile(entry, unpacked.bytes)
  }
  flush()
  if (expected !== null && expected < end) {
    const message = `${end - expected} bytes after the last file belong to no file: pack the archive again.`
    problems.add({ code: 'STRAY_BYTES', file: null, pointer: null, message })
  }
}

/** Packers that could have split the archive, and did not, begin it with this: APPNOTE.TXT 8.5.4 and 8.5.3. */
const SPAN_MARKERS = new Set([0x30304b50, 0x08074b50])

async function skipSpanMarker(source: ArchiveSource): Promise<number> {
  if (source.bytes < 4) return 0
  return SPAN_MARKERS.has((await source.read(0, 4)).readUInt32LE(0)) ? 4 : 0
}

/** The bytes of a file in an archive that was checked before; null if they have changed since. */
export async function readFile(source: ArchiveSource, entry: ZipEntry): Promise<Buffer | null> {
  const local = await readLocalHeader(source, entry, source.bytes)
  if ('reason' in local) return null
  const unpacked = await unpack(entry, await source.read(local.dataFrom, local.dataFrom + entry.packedBytes))
  // Stored bytes are a view of the read-ahead window, which moves.
  return 'code' in unpacked ? null : entry.isDeflated ? unpacked.bytes : Buffer.from(unpacked.bytes)
}

/** Small files are decompressed synchronously; after this many the event loop runs. */
const FILES_PER_TICK = 100

const LOCAL_HEADER = 0x04034b50
const LOCAL_BYTES = 30
const DEFLATED = 8
const ENCRYPTED_BIT = 0x1
const DESCRIPTOR_BIT = 0x8
const ALL_ONES = 0xffffffff
const ZIP64 = 0x0001

/** The offset of the data, or why the header before it does not match the entry. Offsets: APPNOTE.TXT 4.3.7, 4.5.3 */
async function readLocalHeader(
  source: ArchiveSource,
  entry: ZipEntry,
  end: number,
): Promise<{ dataFrom: number; hasDescriptor: boolean } | { reason: string }> {
  if (entry.from + LOCAL_BYTES > end) return { reason: 'is not in the archive' }
  const fixed = Buffer.from(await source.read(entry.from, entry.from + LOCAL_BYTES))
  if (fixed.readUInt32LE(0) !== LOCAL_HEADER) return { reason: 'is not a header' }
  const nameFrom = entry.from + LOCAL_BYTES
  const extraFrom = nameFrom + fixed.readUInt16LE(26)
  const dataFrom = extraFrom + fixed.readUInt16LE(28)
  if (dataFrom > end) return { reason: 'runs into the list of files' }
  const rest = await source.read(nameFrom, dataFrom)
  const rawName = rest.toString('latin1', 0, extraFrom - nameFrom)
  // A name over the limit was reported already, and is not kept in full.
  if (rawName !== entry.rawName && !(rawName.startsWith(entry.rawName) && !entry.isValid))
    return { reason: 'has another name' }
  const flags = fixed.readUInt16LE(6)
  if (entry.isValid && flags & ENCRYPTED_BIT) return { reason: 'says that it is encrypted' }
  const hasDescriptor = (flags & DESCRIPTOR_BIT) !== 0
  const says = { method: fixed.readUInt16LE(8), ...sizesOf(fixed, rest.subarray(extraFrom - nameFrom)) }
  if (entry.isValid && (says.method === DEFLATED) !== entry.isDeflated) return { reason: 'has another compression' }
  const isZeroed = hasDescriptor && says.crc32 === 0
  if (!isZeroed && says.crc32 !== entry.crc32) return { reason: 'has another CRC' }
  const isOther = (said: number, is: number) => said !== is && !(hasDescriptor && (said === 0 || said === ALL_ONES))
  if (isOther(says.packedBytes, entry.packedBytes) || isOther(says.bytes, entry.bytes))
    return { reason: 'has another size' }
  return { dataFrom, hasDescriptor }
}

/** Sizes of 4 GB and more, and those unknown to a streaming packer, are in an extra field. */
function sizesOf(fixed: Buffer, extra: Buffer): { crc32: number; packedBytes: number; bytes: number } {
  const sizes = { crc32: fixed.readUInt32LE(14), packedBytes: fixed.readUInt32LE(18), bytes: fixed.readUInt32LE(22) }
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== ZIP64) continue
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
    let from = 0
    const take = (size: number) => {
      if (size !== ALL_ONES || from + 8 > field.length) return size
      from += 8
      return Number(field.readBigUInt64LE(from - 8))
    }
    const bytes = take(sizes.bytes)
    return { ...sizes, bytes, packedBytes: take(sizes.packedBytes) }
  }
  return sizes
}

const [DESCRIPTOR, DESCRIPTOR_MAX] = [0x08074b50, 24]

/**
 * Length of the data descriptor, null if none matches the entry. APPNOTE.TXT 4.3.9 allows it with or without a signature, and with sizes
 * of four or eight bytes; the one that ends at the next file is chosen.
 */
async function findDescriptor(
  source: ArchiveSource,
  { crc32: crc, packedBytes, bytes }: ZipEntry,
  { from, to }: { from: number; to: number },
): Promise<number | null> {
  const found = Buffer.from(await source.read(from, Math.max(from, Math.min(to, from + DESCRIPTOR_MAX))))
  const shapes = [4, 8].flatMap((width) => {
    const plain = Buffer.alloc(4 + 2 * width)
    plain.writeUInt32LE(crc)
    for (const [index, size] of [packedBytes, bytes].entries()) {
      plain.writeUInt32LE(size % 2 ** 32, 4 + index * width)
      if (width === 8) plain.writeUInt32LE(Math.floor(size / 2 ** 32), 8 + index * width)
    }
    const signature = Buffer.alloc(4)
    signature.writeUInt32LE(DESCRIPTOR)
    return [plain, Buffer.concat([signature, plain])]
  })
  return shapes.some((shape) => shape.equals(found)) ? found.length : null
}

const inflate = promisify(inflateRaw) as unknown as (packed: Buffer, options: object) => Promise<Inflated>
/** Below this, dispatching to another thread takes longer than the work itself. */
const SYNC_BYTES_MAX = 64_000

/** The result with `info: true`. */
interface Inflated {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

type Unpacked =
  | { readonly bytes: Buffer }
  | { readonly code: ProblemCode; readonly message: string; readonly ofMany: (files: string) => string }

/** Decompresses the entry's bytes, never more than its stated size. Does not throw. */
async function unpack(entry: ZipEntry, packed: Buffer): Promise<Unpacked> {
  const wrongSize = (is: string): Unpacked => ({
    code: 'WRONG_SIZE',
    message: `The list of files says ${entry.bytes} bytes, and the file has ${is}: pack the archive again.`,
    ofMany: (files) => `The sizes of ${files} are others than in the list of files: pack the archive again.`,
  })
  let bytes = packed
  if (entry.isDeflated) {
    const options = { info: true, maxOutputLength: Math.max(entry.bytes, 1), chunkSize: entry.bytes + 64 }
    try {
      const isSmall = Math.max(entry.bytes, packed.length) <= SYNC_BYTES_MAX
      const { buffer, engine } = isSmall
        ? (inflateRawSync(packed, options) as unknown as Inflated)
        : await inflate(Buffer.from(packed), options)
      if (engine.bytesWritten !== packed.length)
        return wrongSize(`${packed.length - engine.bytesWritten} behind its end`)
      bytes = buffer
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return wrongSize('more')
      return {
        code: 'BROKEN_DATA',
        message: 'The file is damaged and cannot be decompressed: pack or copy it again.',
        ofMany: (files) => `${files} are damaged and cannot be decompressed: pack or copy the archive again.`,
      }
    }
  }
  if (bytes.length !== entry.bytes) return wrongSize(String(bytes.length))
  if (crc32(bytes) !== entry.crc32)
    return {
      code: 'WRONG_CRC',
      message: 'The bytes do not match their checksum (CRC): pack the archive again.',
      ofMany: (files) => `The bytes of ${files} do not match their checksums (CRC): pack the archive again.`,
    }
  return { bytes }
}
