import type { ZipRecord } from './zip-directory.ts'

const [NTFS_TIMES, AES_EXTRA, JAR, UNIX_IDS] = [0x000a, 0x9901, 0xcafe, 0x7875]
const [DOS, UNIX] = [0, 3]
/** System and version that Archive Utility and ditto write. */
const MACOS = UNIX * 256 + 21

/**
 * The program that made an archive, if it shows: its maker does not know the parts of a ZIP, but knows what they clicked. Null if several
 * programs write the same.
 */
export function makerOf(records: readonly ZipRecord[]): string | null {
  const [first] = records
  if (!first) return null
  const [system, version] = [first.madeBy >>> 8, first.madeBy & 0xff]
  if (hasBackslashes(records) && system !== UNIX) return 'Windows PowerShell or an old .NET'
  if (records.some(({ extras }) => extras.includes(AES_EXTRA))) return '7-Zip, WinZip or WinRAR'
  if (first.extras.includes(JAR)) return 'jar of Java'
  if (first.madeBy === MACOS || records.some(({ rawName }) => rawName.startsWith('__MACOSX/'))) return 'macOS'
  if (version === 63 && first.extras.includes(NTFS_TIMES)) return '7-Zip'
  if (system === UNIX && version === 30 && first.extras.includes(UNIX_IDS)) return 'zip of Info-ZIP'
  return system === DOS && version === 25 ? 'WinZip or WinRAR' : null
}

/** Whether folders are separated as Windows does, and as the format forbids: APPNOTE.TXT 4.4.17.1. */
export const hasBackslashes = (records: readonly ZipRecord[]): boolean =>
  records.some(({ rawName }) => rawName.includes('\\'))
