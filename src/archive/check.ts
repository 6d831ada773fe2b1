import { AppError } from '../core/errors.ts'
import { type ArchiveSource, readAhead } from './archive.ts'
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits.ts'
import { MANIFEST, type ManifestSet, pointerOf, readManifest } from './manifest.ts'
import { openProblems, type Problem, type ProblemCode, type Problems, show } from './problems.ts'
import { readFile, readFiles } from './zip-data.ts'
import { readCentralDirectory } from './zip-directory.ts'
import { foldName, type ZipEntry } from './zip-entry.ts'

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
  const archive = await read(readAhead(source), { limits, problems })
  return { problems: problems.kept, problemCount: problems.count(), archive: problems.count() > 0 ? null : archive }
}

async function read(
  source: ReturnType<typeof readAhead>,
  { limits, problems }: { limits: ArchiveLimits; problems: Problems },
): Promise<CheckedArchive | null> {
  const add = (code: ProblemCode, at: { file?: string; pointer?: string; message: string }) =>
    problems.add({ code, file: null, pointer: null, ...at })
  if (source.bytes > limits.archiveBytes) {
    const message = `The archive has ${source.bytes} bytes; at most ${limits.archiveBytes} are allowed: split it into several.`
    add('ARCHIVE_TOO_LARGE', { message })
    return null
  }
  const directory = await readCentralDirectory(source, { limits, problems })
  if (!directory) return null
  const files = directory.entries.filter(isContentEntry)
  const manifestEntry = findManifest(files)
  const manifests: Buffer[] = []
  const onFile = (entry: ZipEntry, bytes: Buffer) => {
    if (entry === manifestEntry) manifests.push(Buffer.from(bytes))
  }
  await readFiles(source, directory, { problems, onFile })
  if (!manifestEntry) {
    const message = 'The archive has no manifest.json at its top level: add one that matches docs/manifest.schema.json.'
    add('NO_MANIFEST', { message })
  }
  const [manifestBytes] = manifests
  // One that cannot be read was reported already.
  if (!manifestEntry || !manifestBytes) return null
  const folder = manifestEntry.name.slice(0, -MANIFEST.length)
  const { vendor, sets, named, isComplete } = readManifest(manifestBytes, { folder, problems })
  // Only needed if two names in the archive differ in case alone.
  let exact: ReadonlySet<string> | undefined
  for (const [name, place] of named) {
    const alike = directory.names.get(foldName(name))
    if (alike?.name === name && isContentEntry(alike)) continue
    exact ??= new Set(files.map((file) => file.name))
    if (exact.has(name)) continue
    const hint = alike && isContentEntry(alike) ? `call it ${show(alike.name)}` : 'add it or remove this entry'
    const message = `${show(name)} is not in the archive: ${hint}.`
    add('MISSING_FILE', { file: manifestEntry.name, pointer: `${pointerOf(place)}/file`, message })
  }
  if (isComplete)
    for (const { name } of files)
      if (!named.has(name) && name !== manifestEntry.name)
        add('UNLISTED', { file: name, message: 'The file is not in the manifest: name it there or remove it.' })
  if (vendor === null) return null

  const readByName = async (name: string) => {
    const entry = directory.names.get(foldName(name))
    const bytes = entry && (await readFile(source, entry))
    if (bytes) return bytes
    throw new AppError('UNAVAILABLE', `${name} has changed since the archive was checked: check it again.`)
  }
  const offsetOf = (name: string) => directory.names.get(foldName(name))?.from ?? 0
  const bytesOf = (name: string) => directory.names.get(foldName(name))?.bytes ?? 0
  return { vendor, sets, read: readByName, bytesOf, offsetOf, close: async () => source.letGo() }
}

/** Added to archives by file managers: ignored. */
const JUNK = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/i

const isContentEntry = ({ name, isFolder }: ZipEntry): boolean => !isFolder && !JUNK.test(name)

/** At the top level, or in the one folder that contains the whole archive. */
function findManifest(files: readonly ZipEntry[]): ZipEntry | undefined {
  const [first] = files
  const top = first?.name.slice(0, first.name.indexOf('/') + 1) ?? ''
  const folder = files.every(({ name }) => name.startsWith(top)) ? top : ''
  return files.find(({ name }) => name === MANIFEST) ?? files.find(({ name }) => name === folder + MANIFEST)
}
