import { crc32 } from 'node:zlib'
import type { Entry } from 'yauzl'
import type { ArchiveLimits } from './limits.ts'
import { type ProblemCode, type Problems, show } from './problems.ts'

/** A file or folder as the archive's directory describes it. */
export interface ZipEntry {
  /** With / between folders, and at the end of a folder's name, in NFC. */
  readonly name: string
  /** The name's bytes, one character each, which the local header must repeat. Truncated if too long. */
  readonly rawName: string
  readonly isFolder: boolean
  readonly isDeflated: boolean
  readonly crc32: number
  readonly packedBytes: number
  readonly bytes: number
  /** The offset of its local header. */
  readonly from: number
  /** No problem so far: it may be decompressed. */
  readonly isValid: boolean
}

/** Deflate adds some bytes to incompressible data; more is suspicious. */
const packedMaxOf = (bytes: number) => bytes + bytes / 100 + 1024

const [STORED, DEFLATED] = [0, 8]
/** General purpose bits: encrypted, patch data, strongly encrypted, masked headers. */
const ENCRYPTED_BITS = 0x1 | 0x40 | 0x2000
const PATCH_BIT = 0x20
/** File types in the upper half of the external attributes, where the packer came from Unix: see `man 7 inode`. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [0o01, 'a pipe'],
  [0o02, 'a device'],
  [0o06, 'a device'],
  [0o12, 'a symbolic link'],
  [0o14, 'a socket'],
])
const SLASH = 0x2f
const FOLDER_TYPE = 0o04
const FILE_TYPE = 0o10

/**
 * Checks an entry of the directory by itself, and its name against the others.
 * @param names those before it by their folded names; this one is added
 */
export function inspectEntry(
  entry: Entry,
  { limits, problems, names }: { limits: ArchiveLimits; problems: Problems; names: Map<string, ZipEntry> },
): ZipEntry {
  const before = problems.count()
  // No Buffer is kept: it would keep the entry's comment, up to 64 kB, in memory.
  const rawName = entry.fileNameRaw.toString('latin1', 0, limits.nameBytes)
  const decoded = decodeName(entry)
  const name = (decoded ?? rawName).slice(0, limits.nameBytes)
  const add = (code: ProblemCode, message: string) => problems.add({ code, file: name, pointer: null, message })

  if (entry.fileNameLength > limits.nameBytes)
    add(
      'NAME_TOO_LONG',
      `The name has ${entry.fileNameLength} bytes; at most ${limits.nameBytes} are allowed: rename it.`,
    )
  else if (decoded === null) add('NAME_ENCODING', 'The name is not unambiguous UTF-8: pack it with another program.')
  else {
    const reason = problemOfName(name)
    if (reason) add('UNSAFE_NAME', `The name ${show(name)} ${reason}: rename it.`)
    const other = names.get(foldName(name))
    if (other) add('DUPLICATE_NAME', `The name ${show(name)} is taken by ${show(other.name)}: rename one of them.`)
  }

  const isFolder = entry.fileNameRaw.at(-1) === SLASH
  const type = entry.externalFileAttributes >>> 28
  if (type !== 0 && type !== (isFolder ? FOLDER_TYPE : FILE_TYPE))
    add('NOT_A_FILE', `The entry is ${TYPES.get(type) ?? 'not a file, although it is named like one'}: remove it.`)
  const isEncrypted = (entry.generalPurposeBitFlag & ENCRYPTED_BITS) !== 0
  if (isEncrypted) add('ENCRYPTED', 'The file is encrypted: pack it without a password.')
  const method = entry.generalPurposeBitFlag & PATCH_BIT ? 'patch' : entry.compressionMethod
  if (method !== STORED && method !== DEFLATED)
    add('UNKNOWN_COMPRESSION', `The compression method ${method} is not supported: pack it with Deflate.`)
  const { compressedSize: packedBytes, uncompressedSize: bytes } = entry
  const [bytesMax, tooLarge] = isManifestName(name)
    ? ([limits.manifestBytes, 'MANIFEST_TOO_LARGE'] as const)
    : ([limits.entryBytes, 'FILE_TOO_LARGE'] as const)
  if (bytes > bytesMax) add(tooLarge, `The file has ${bytes} bytes; at most ${bytesMax} are allowed: make it smaller.`)
  else if (isFolder && bytes > 0) add('WRONG_SIZE', `The folder has ${bytes} bytes of data: pack the archive again.`)
  else if (!isEncrypted && (method === STORED ? packedBytes !== bytes : packedBytes > packedMaxOf(bytes)))
    add(
      'WRONG_SIZE',
      `The file's ${bytes} bytes are stated to be compressed to ${packedBytes}: pack the archive again.`,
    )
  if (bytes > limits.ratioFromBytes && bytes > limits.ratio * packedBytes)
    add('BOMB', `${packedBytes} bytes decompress to ${bytes}, more than ${limits.ratio} times as many: remove it.`)

  const inspected = {
    name,
    // One string if they are equal: there may be a hundred thousand.
    rawName: rawName === name ? name : rawName,
    isFolder,
    isDeflated: method === DEFLATED,
    crc32: entry.crc32,
    packedBytes,
    bytes,
    from: entry.relativeOffsetOfLocalHeader,
    isValid: problems.count() === before,
  }
  if (!names.has(foldName(name))) names.set(foldName(name), inspected)
  return inspected
}

/** Valid names of a manifest: at the top level, or in the one folder that some programs pack everything into. */
const isManifestName = (name: string): boolean => /^(?:[^/]+\/)?manifest\.json$/.test(name)

/** Names that some file systems and people consider equal. */
export const foldName = (name: string): string => name.toLowerCase().normalize('NFC').replace(/\/$/, '')

const UNICODE_PATH = 0x7075

/**
 * Decodes the name; null if it is missing or ambiguous. Programs of macOS and old ones of Linux write UTF-8 without declaring it; others
 * add the UTF-8 name as an extra field to one in their machine's code page.
 */
function decodeName({ fileNameRaw, extraFields, generalPurposeBitFlag }: Entry): string | null {
  const plain = decodeUtf8(fileNameRaw)
  const extra = extraFields.find(({ id, data }) => id === UNICODE_PATH && data.length > 5 && data[0] === 1)
  if (!extra || extra.data.readUInt32LE(1) !== crc32(fileNameRaw)) return plain
  const unicode = decodeUtf8(extra.data.subarray(5))
  const isDeclaredUtf8 = (generalPurposeBitFlag & 0x800) !== 0
  return plain === unicode || (plain === null && !isDeclaredUtf8) ? unicode : null
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes).normalize('NFC')
  } catch {
    return null
  }
}
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Why the name is refused, even though nothing is written under it. */
function problemOfName(name: string): string | null {
  if (name === '') return 'is empty'
  if (/\p{Cc}/u.test(name)) return 'contains a control character'
  if (name.includes('\\')) return 'contains a backslash'
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'is absolute'
  const parts = name.replace(/\/$/, '').split('/')
  if (parts.includes('..')) return 'leads outside of the archive'
  return parts.includes('') || parts.includes('.') ? 'has an empty part' : null
}
