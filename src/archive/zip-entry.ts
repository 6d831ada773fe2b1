import type { Report } from './causes.ts'
import { describeMethod } from './compression-methods.ts'
import { leftBehindBy } from './left-behind.ts'
import type { ArchiveLimits } from './limits.ts'
import { foldName, isInCodePage, problemOfPath, toPath } from './names.ts'
import { type ProblemCode, show } from './problems.ts'
import type { ZipRecord } from './zip-directory.ts'

/** A file or folder of an archive. */
export interface ZipEntry {
  /** With / between folders, and at the end of a folder's name, in NFC. */
  readonly name: string
  /** The name's bytes, one character each, which the local header must repeat. Truncated if too long. */
  readonly rawName: string
  /** Its name is neither UTF-8 nor said to be: it was read in a code page. */
  readonly isInCodePage: boolean
  readonly isFolder: boolean
  readonly isDeflated: boolean
  readonly crc32: number
  readonly packedBytes: number
  readonly bytes: number
  /** The offset of its local header. */
  readonly from: number
  /** No problem so far: it may be decompressed. */
  readonly isValid: boolean
  /** Left behind by a file system or a program: passed over. */
  readonly isLeftBehind: boolean
}

/** Deflate adds some bytes to incompressible data; more is suspicious. */
const packedMaxOf = (bytes: number) => bytes + bytes / 100 + 1024

const [STORED, DEFLATED, AES] = [0, 8, 99]
/** General purpose bits: encrypted, patch data, strongly encrypted, masked headers. */
const ENCRYPTED_BITS = 0x1 | 0x40 | 0x2000
const PATCH_BIT = 0x20
const PIPE_TYPE = 0o01
/** File types in the upper half of the external attributes, where the packer came from Unix: see `man 7 inode`. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [PIPE_TYPE, 'a pipe'],
  [0o02, 'a device'],
  [0o06, 'a device'],
  [0o12, 'a symbolic link'],
  [0o14, 'a socket'],
])
const FOLDER_TYPE = 0o04
const FILE_TYPE = 0o10
/** The attribute of DOS, in the lower half. */
const DOS_FOLDER = 0x10

interface Inspection {
  readonly limits: ArchiveLimits
  readonly report: Report
  /** The decoded name; null if it has none that is unambiguous. */
  readonly name: string | null
  /** The first entry of each folded name; this one is added. */
  readonly names: Map<string, ZipEntry>
  /** The folded names of all folders that have something in them. */
  readonly parents: ReadonlySet<string>
}

/** Checks an entry of the directory by itself, and its name against the others. */
export function inspectEntry(record: ZipRecord, { limits, report, names, parents, ...decoded }: Inspection): ZipEntry {
  const { rawName, bytes, packedBytes } = record
  const path = decoded.name === null ? rawName : toPath(decoded.name)
  const name = path.slice(0, limits.nameBytes)
  const isLeftBehind = decoded.name !== null && leftBehindBy(name) !== null
  let isValid = !isLeftBehind
  const add = (code: ProblemCode, one: string, many?: (count: number, first: string) => string, cause = one) => {
    if (isLeftBehind) return
    isValid = false
    report({ code, cause: many ? code + cause : code + name, name, one, many: many ?? (() => one) })
  }

  const isTooLong = record.nameBytes > limits.nameBytes
  const type = record.attributes >>> 28
  const isFolder =
    !isTooLong &&
    (path.endsWith('/') ||
      path === '' ||
      (bytes === 0 && (type === FOLDER_TYPE || (record.attributes & DOS_FOLDER) !== 0 || parents.has(foldName(path)))))

  if (isTooLong)
    add(
      'NAME_TOO_LONG',
      `The name has ${record.nameBytes} bytes; at most ${limits.nameBytes} are allowed: rename it.`,
      (count) => `${count} names have more than ${limits.nameBytes} bytes: rename them.`,
      '',
    )
  else if (decoded.name === null)
    add(
      'NAME_ENCODING',
      'The name is not unambiguous UTF-8: pack it with another program.',
      (count) => `${count} names are not unambiguous UTF-8: pack them with another program.`,
    )
  else {
    // The folder that everything is in, as "./", needs no name.
    const problem = path === '' && rawName !== '' ? null : problemOfPath(path)
    if (problem)
      add(
        'UNSAFE_NAME',
        `The name ${show(name)} ${problem.reason}: ${problem.remedy}.`,
        (count, first) => `Each of ${count} names, such as ${show(first)}, ${problem.reason}: ${problem.remedy}.`,
        problem.reason,
      )
    const other = names.get(foldName(name))
    if (other && !(isFolder && other.isFolder))
      add(
        'DUPLICATE_NAME',
        other.name === name
          ? `The name ${show(name)} is in the archive twice, ${other.rawName === rawName ? 'as when a program adds to an archive instead of writing it anew' : 'with composed and with decomposed letters'}: remove one of them.`
          : `The name ${show(name)} is taken by ${show(other.name)}: rename one of them.`,
      )
  }

  if (!isOfType(type, { isFolder, bytes })) {
    const what = TYPES.get(type) ?? 'not a file, although it is named like one'
    const remedy = type === 0o12 ? 'pack the file that it leads to (zip without -y), or remove it' : 'remove it'
    add(
      'NOT_A_FILE',
      `The entry is ${what}: ${remedy}.`,
      (count, first) => `Each of ${count} entries, such as ${show(first)}, is ${what}: ${remedy}.`,
      what,
    )
  }
  const isEncrypted = (record.flags & ENCRYPTED_BITS) !== 0 || record.method === AES
  if (isEncrypted)
    add(
      'ENCRYPTED',
      'The file is encrypted: pack it without a password.',
      (count) => `${count} files are encrypted: pack them without a password.`,
    )
  const isPatch = (record.flags & PATCH_BIT) !== 0
  if (isPatch || (record.method !== STORED && record.method !== DEFLATED && record.method !== AES)) {
    const method = isPatch ? 'patch data of PKZIP' : describeMethod(record.method)
    const remedy = 'pack with Deflate, the usual method (7z a -tzip -mm=Deflate)'
    add(
      'UNKNOWN_COMPRESSION',
      `The file is compressed with ${method}, which is not supported: ${remedy}.`,
      (count) => `${count} files are compressed with ${method}, which is not supported: ${remedy}.`,
      method,
    )
  }
  const [bytesMax, tooLarge] = isManifestName(name)
    ? ([limits.manifestBytes, 'MANIFEST_TOO_LARGE'] as const)
    : ([limits.entryBytes, 'FILE_TOO_LARGE'] as const)
  const isDeflated = record.method === DEFLATED
  if (bytes > bytesMax) add(tooLarge, `The file has ${bytes} bytes; at most ${bytesMax} are allowed: make it smaller.`)
  else if (isFolder && bytes > 0) add('WRONG_SIZE', `The folder has ${bytes} bytes of data: pack the archive again.`)
  else if (!isEncrypted && (record.method === STORED ? packedBytes !== bytes : packedBytes > packedMaxOf(bytes)))
    add(
      'WRONG_SIZE',
      `The file's ${bytes} bytes are stated to be compressed to ${packedBytes}: pack the archive again.`,
    )
  if (bytes > limits.ratioFromBytes && bytes > limits.ratio * packedBytes)
    add('BOMB', `${packedBytes} bytes decompress to ${bytes}, more than ${limits.ratio} times as many: remove it.`)

  const entry: ZipEntry = {
    name: isFolder && name !== '' && !name.endsWith('/') ? `${name}/` : name,
    // One string if they are equal: there may be a hundred thousand.
    rawName: rawName === name ? name : rawName,
    isInCodePage: isInCodePage(record),
    isFolder,
    isDeflated,
    crc32: record.crc32,
    packedBytes,
    bytes,
    from: record.from,
    isValid,
    isLeftBehind,
  }
  if (!isLeftBehind && !names.has(foldName(name))) names.set(foldName(name), entry)
  return entry
}

/** 7-Zip and Info-ZIP say of a file that they read from a pipe that it is one. */
function isOfType(type: number, { isFolder, bytes }: { isFolder: boolean; bytes: number }): boolean {
  if (type === 0) return true
  if (isFolder) return type === FOLDER_TYPE || (bytes === 0 && type === FILE_TYPE)
  return type === FILE_TYPE || (type === PIPE_TYPE && bytes > 0)
}

/** Valid names of a manifest: at the top level, or in the one folder that some programs pack everything into. */
const isManifestName = (name: string): boolean => /^(?:[^/]+\/)?manifest\.json$/.test(name)
