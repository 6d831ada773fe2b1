import { openCauses } from './causes.ts'
import { CODE_PAGES, type CodePage, decodeIn } from './code-pages.ts'
import type { ArchiveLimits } from './limits.ts'
import { hasBackslashes, makerOf } from './maker.ts'
import { decodeName, foldName, isInCodePage, toPath } from './names.ts'
import type { Problems } from './problems.ts'
import { show } from './problems.ts'
import type { ZipDirectory, ZipRecord } from './zip-directory.ts'
import { inspectEntry, type ZipEntry } from './zip-entry.ts'

export interface ZipEntries {
  readonly entries: readonly ZipEntry[]
  /** The first entry of each folded name: see foldName. */
  readonly names: ReadonlyMap<string, ZipEntry>
  /** What was read otherwise than it stands in the archive, each a sentence. */
  readonly notes: readonly string[]
}

/** Decodes and checks all entries of a directory by themselves, and their names against each other. */
export function inspectEntries(
  { records, trailingBytes }: ZipDirectory,
  { limits, problems, codePage }: { limits: ArchiveLimits; problems: Problems; codePage: CodePage },
): ZipEntries {
  const maker = makerOf(records)
  const names = new Map<string, ZipEntry>()
  const entries: ZipEntry[] = []
  const { report, flush } = openCauses(problems, maker)
  const decoded = records.map((record) => decode(record, codePage))
  const parents = parentsOf(records, decoded)
  for (const [index, record] of records.entries())
    entries.push(inspectEntry(record, { limits, report, name: decoded[index] ?? null, names, parents }))
  flush()
  const notes: string[] = []
  if (hasBackslashes(records))
    notes.push(`Made by ${maker ?? 'a program that writes \\ between folders'}: \\ in names was read as /.`)
  const inCodePage = entries.filter((entry) => entry.isInCodePage)
  if (inCodePage[0])
    notes.push(
      `${inCodePage.length} ${inCodePage.length === 1 ? 'name is' : 'names are'} not UTF-8 and ${inCodePage.length === 1 ? 'was' : 'were'} read in ${codePage}, as ${show(inCodePage[0].name)}.`,
    )
  if (trailingBytes > 0) notes.push(`${trailingBytes} bytes behind the end of the archive were passed over.`)
  const passedOver = entries.filter(({ isLeftBehind }) => isLeftBehind).length
  if (passedOver > 0)
    notes.push(
      passedOver === 1
        ? '1 file or folder that systems and programs leave behind was passed over.'
        : `${passedOver} files or folders that systems and programs leave behind were passed over.`,
    )
  return { entries, names, notes }
}

const decode = (record: ZipRecord, codePage: CodePage): string | null => {
  const name = decodeName(record)
  if (name === undefined) return null
  return name ?? decodeIn(codePage, record.rawName) ?? decodeIn(CODE_PAGES[0] as CodePage, record.rawName)
}

/**
 * The code page of names that are in none that the archive states: the one in which most of them are in the manifest, else the one of
 * the format's rule.
 * @param named the paths in the manifest
 */
export function chooseCodePage(records: readonly ZipRecord[], named: ReadonlyMap<string, unknown>): CodePage {
  let [best, most] = [CODE_PAGES[0] as CodePage, 0]
  const unknown = records.filter(isInCodePage)
  for (const codePage of CODE_PAGES) {
    let count = 0
    for (const { rawName } of unknown) {
      const name = decodeIn(codePage, rawName)
      if (name !== null && named.has(toPath(name))) count++
    }
    if (count > most) [best, most] = [codePage, count]
  }
  return best
}

/** Folders in folders beyond which an empty entry is a file. */
const LEVELS_MAX = 32

/**
 * The folded names of empty entries that have something in them, and are folders without saying so. No other name is kept: every level of
 * a hundred thousand deep paths would be more than the thread's memory, which can end the process.
 */
function parentsOf(records: readonly ZipRecord[], names: readonly (string | null)[]): ReadonlySet<string> {
  const foldedAt = (at: number) => foldName(toPath(names[at] ?? ''))
  const empty = new Set<string>()
  for (const [at, { bytes, rawName }] of records.entries())
    if (bytes === 0 && !/[\\/]$/.test(rawName)) empty.add(foldedAt(at))
  const parents = new Set<string>()
  if (empty.size === 0) return parents
  for (const at of records.keys()) {
    const path = foldedAt(at)
    let slash = path.indexOf('/')
    for (let level = 0; slash > 0 && level < LEVELS_MAX; level++) {
      const parent = path.slice(0, slash)
      if (empty.has(parent)) parents.add(parent)
      slash = path.indexOf('/', slash + 1)
    }
  }
  return parents
}
