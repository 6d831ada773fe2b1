import { AppError } from '../core/errors.ts'
import { type ArchiveSource, readAhead } from './archive.ts'
import { CODE_PAGES, type CodePage } from './code-pages.ts'
import { chooseCodePage, inspectEntries } from './entries.ts'
import { findManifest } from './find-manifest.ts'
import { isHidden, leftBehindBy } from './left-behind.ts'
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits.ts'
import { makerOf } from './maker.ts'
import { MANIFEST, type ManifestLocation, type ManifestSet, pointerOf, readManifest } from './manifest.ts'
import { foldName, isInCodePage, isSvgPath } from './names.ts'
import { openProblems, type Problem, type ProblemCode, type Problems, show } from './problems.ts'
import { readFile, readFiles } from './zip-data.ts'
import { readCentralDirectory, type ZipDirectory } from './zip-directory.ts'
import type { ZipEntry } from './zip-entry.ts'

/** An archive without problems. */
export interface CheckedArchive {
  readonly vendor: string
  readonly sets: readonly ManifestSet[]
  /** A file's bytes by its name in `sets`, checked against size and CRC again. Cheap in the order of the archive. */
  readonly read: (file: string) => Promise<Buffer>
  /** The size of a file, decompressed. */
  readonly bytesOf: (file: string) => number
  /** The offset of a file: read many files in this order. */
  readonly offsetOf: (file: string) => number
  /** Releases the read-ahead window. Closing the source is up to the caller that opened it. */
  readonly close: () => Promise<void>
}

export interface ArchiveCheck {
  /** The first 1,000 of them. */
  readonly problems: readonly Problem[]
  readonly problemCount: number
  /** What was read otherwise than it stands in the archive, such as names in a code page: each a sentence. */
  readonly notes: readonly string[]
  /** Null if there are problems. */
  readonly archive: CheckedArchive | null
}

/**
 * Finds all problems of a vendor's archive, or returns the archive. Reads it once from end to end and decompresses every file, one at a
 * time. Only throws for faults that are not the archive's: UNAVAILABLE if the source cannot be read.
 */
export async function checkArchive(source: ArchiveSource, given: Partial<ArchiveLimits> = {}): Promise<ArchiveCheck> {
  const limits = { ...ARCHIVE_LIMITS, ...given }
  const problems = openProblems()
  const notes: string[] = []
  const archive = await read(readAhead(source), { limits, problems, notes })
  const problemCount = problems.count()
  return { problems: problems.kept, problemCount, notes, archive: problemCount > 0 ? null : archive }
}

async function read(
  source: ReturnType<typeof readAhead>,
  { limits, problems, notes }: { limits: ArchiveLimits; problems: Problems; notes: string[] },
): Promise<CheckedArchive | null> {
  const add: Add = (code, at) => problems.add({ code, file: null, pointer: null, ...at })
  if (source.bytes > limits.archiveBytes) {
    const message = `The archive has ${source.bytes} bytes; at most ${limits.archiveBytes} are allowed: split it into several.`
    add('ARCHIVE_TOO_LARGE', { message })
    return null
  }
  const directory = await readCentralDirectory(source, { limits, problems })
  if (!directory) return null
  const codePage = await findCodePage(source, { directory, limits })
  const { entries, names, notes: read } = inspectEntries(directory, { limits, problems, codePage })
  notes.push(...read)
  const files = entries.filter(isContentEntry)
  const tooMany = entries.filter(({ isLeftBehind }) => !isLeftBehind).length
  if (tooMany > limits.entries) {
    const message = `The archive has ${tooMany} files and folders; at most ${limits.entries} are allowed: pack several archives.`
    add('TOO_MANY_ENTRIES', { message })
    return null
  }
  const bytes = files.reduce((sum, entry) => sum + (entry.isValid ? entry.bytes : 0), 0)
  if (bytes > limits.totalBytes) {
    const message = `The uncompressed files have ${bytes} bytes; at most ${limits.totalBytes} are allowed: pack several archives.`
    add('TOTAL_TOO_LARGE', { message })
    return null
  }
  const located = findManifest(files)
  const manifestEntry = typeof located === 'string' ? undefined : located
  const manifests: Buffer[] = []
  const onFile = (entry: ZipEntry, content: Buffer) => {
    if (entry === manifestEntry) manifests.push(Buffer.from(content))
  }
  await readFiles(source, { entries, from: directory.from }, { problems, maker: makerOf(directory.records), onFile })
  // If nothing could be read, the sentences about that are enough.
  if (typeof located === 'string' && (files.length === 0 || files.some(({ isValid }) => isValid)))
    add('NO_MANIFEST', { message: located })
  const [manifestBytes] = manifests
  // One that cannot be read was reported already.
  if (!manifestEntry || !manifestBytes) return null
  const folder = manifestEntry.name.slice(0, -MANIFEST.length)
  const before = problems.count()
  const { vendor, sets, named, isComplete } = readManifest(manifestBytes, { folder, problems })
  const isManifestWrong = problems.count() > before
  const unread = compareWithManifest({ entries, names, files, named, manifest: manifestEntry.name, limits, add })
  if (isComplete && !(isManifestWrong && named.size === 0))
    for (const { name, isValid } of files)
      if (isValid && !unread.has(name) && !named.has(name) && name !== manifestEntry.name && !isHidden(name))
        add('UNLISTED', { file: name, message: 'The file is not in the manifest: name it there or remove it.' })
  if (vendor === null) return null

  const readByName = async (name: string) => {
    const entry = names.get(foldName(name))
    const bytes = entry && (await readFile(source, entry))
    if (bytes) return bytes
    throw new AppError('UNAVAILABLE', `${name} has changed since the archive was checked: check it again.`)
  }
  const offsetOf = (name: string) => names.get(foldName(name))?.from ?? 0
  const bytesOf = (name: string) => names.get(foldName(name))?.bytes ?? 0
  return { vendor, sets, read: readByName, bytesOf, offsetOf, close: async () => source.letGo() }
}

const isContentEntry = ({ isFolder, isLeftBehind }: ZipEntry): boolean => !isFolder && !isLeftBehind

type Add = (code: ProblemCode, at: { file?: string; pointer?: string; message: string }) => void

interface Comparison {
  readonly entries: readonly ZipEntry[]
  readonly names: ReadonlyMap<string, ZipEntry>
  readonly files: readonly ZipEntry[]
  readonly named: ReadonlyMap<string, ManifestLocation>
  readonly manifest: string
  readonly limits: ArchiveLimits
  readonly add: Add
}

/** Reports what the manifest names and the archive lacks. Returns the files that are meant by it, and were reported with it. */
function compareWithManifest({ entries, names, files, named, manifest, limits, add }: Comparison): ReadonlySet<string> {
  const none: ReadonlySet<string> = new Set()
  // A file whose name was refused may be the one that is missed: one sentence is enough.
  if (files.some(({ name, isValid, rawName }) => !isValid && name === rawName && !named.has(name))) return none
  // Only needed if two names in the archive differ in case alone.
  let exact: ReadonlySet<string> | undefined
  const isThere = (name: string) => {
    const alike = names.get(foldName(name))
    if (alike?.name === name && isContentEntry(alike)) return true
    exact ??= new Set(files.map((file) => file.name))
    // The schema refuses others.
    return exact.has(name) || name.length > limits.nameBytes || !isSvgPath(name)
  }
  const missing = [...named].filter(([name]) => !isThere(name))
  const unread = missing.some(([name]) => /\P{ASCII}/u.test(name))
    ? files.filter(({ name, isInCodePage }) => isInCodePage && !named.has(name))
    : []
  const [first] = unread
  if (first) {
    const message = `${unread.length === 1 ? '1 name is' : `${unread.length} names are`} neither UTF-8 nor in a code page in which the manifest has them, such as ${show(first.name)}: pack with a program that writes UTF-8 (7-Zip, or Windows 11), or give the files names of a-z, 0-9, - and _.`
    add('NAME_ENCODING', { message })
  }
  const misnamed = findMisnamed(missing, { files, names, named })
  const [[name, found] = []] = misnamed
  if (name && found) {
    const message =
      misnamed.size === 1
        ? `${show(name)} is not in the archive: call it ${show(found)}.`
        : `${misnamed.size} files of the manifest are in the archive in another folder or in other letters, such as ${show(name)} as ${show(found)}: pack files and folders as the manifest names them, or correct the manifest.`
    add('MISSING_FILE', { file: manifest, pointer: `${pointerOf(named.get(name) as ManifestLocation)}/file`, message })
  }
  for (const [missed, place] of missing) {
    if (misnamed.has(missed) || (first && /\P{ASCII}/u.test(missed))) continue
    const by = leftBehindBy(missed)
    const hint =
      by !== null && entries.some((entry) => entry.name === missed)
        ? `${by} left it behind; remove this entry`
        : 'add it or remove this entry'
    const message = `${show(missed)} is not in the archive: ${hint}.`
    add('MISSING_FILE', { file: manifest, pointer: `${pointerOf(place)}/file`, message })
  }
  return new Set([...unread.map(({ name }) => name), ...misnamed.values()])
}

/**
 * Missing files that are in the archive in another case, or under the same name in another folder (packed without folders, or from one
 * further up), with the names that they have there.
 */
function findMisnamed(
  missing: readonly (readonly [name: string, place: unknown])[],
  { files, names, named }: Pick<Comparison, 'files' | 'names' | 'named'>,
): ReadonlyMap<string, string> {
  const unlisted = new Map<string, ZipEntry | null>()
  if (missing.length > 0)
    for (const entry of files) {
      const base = baseOf(entry.name)
      // Several: nobody can tell which one is meant.
      if (!named.has(entry.name)) unlisted.set(base, unlisted.has(base) ? null : entry)
    }
  const misnamed = new Map<string, string>()
  const taken = new Set<string>()
  for (const [name] of missing) {
    const alike = names.get(foldName(name))
    const found = alike && isContentEntry(alike) && !named.has(alike.name) ? alike : unlisted.get(baseOf(name))
    if (!found || taken.has(found.name)) continue
    taken.add(found.name)
    misnamed.set(name, found.name)
  }
  return misnamed
}

const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/** Names that are not UTF-8 are read so that they match the manifest, whose own name has no letters that differ. */
async function findCodePage(
  source: ArchiveSource,
  { directory, limits }: { directory: ZipDirectory; limits: ArchiveLimits },
): Promise<CodePage> {
  const [usual = 'code page 437'] = CODE_PAGES
  if (!directory.records.some(isInCodePage)) return usual
  const { entries } = inspectEntries(directory, { limits, problems: openProblems(), codePage: usual })
  const manifest = findManifest(entries.filter(isContentEntry))
  const bytes = typeof manifest !== 'string' && manifest.isValid ? await readFile(source, manifest) : null
  if (typeof manifest === 'string' || !bytes) return usual
  const folder = manifest.name.slice(0, -MANIFEST.length)
  const { named } = readManifest(bytes, { folder, problems: openProblems() })
  return chooseCodePage(directory.records, named)
}
