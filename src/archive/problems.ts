import { toStorable } from '../core/text.ts'

/**
 * The problems of a vendor's archive or manifest. docs/vendors.md is generated from it; test/archive.test.ts and test/manifest.test.ts
 * have an example of each.
 */
export const PROBLEMS = {
  NOT_ZIP: 'The file is not a ZIP archive, or it is truncated.',
  BROKEN_DIRECTORY: 'The list of files at the end of the archive contradicts itself.',
  ARCHIVE_TOO_LARGE: 'The archive exceeds the size limit.',
  TOO_MANY_ENTRIES: 'The archive has more files and folders than the limit.',
  TOTAL_TOO_LARGE: 'The uncompressed files exceed the size limit.',
  STRAY_BYTES: 'There are bytes between the files that belong to none of them.',
  OVERLAP: 'Files overlap in the archive.',
  UNSAFE_NAME: 'A name leads outside of the archive, or has a different meaning on other systems.',
  NAME_TOO_LONG: 'A name exceeds the length limit.',
  NAME_ENCODING: 'A name is not UTF-8, or the archive has two names for one file.',
  DUPLICATE_NAME: 'Two files have the same name, ignoring case.',
  NOT_A_FILE: 'An entry is a link, a device or something else that is neither a file nor a folder.',
  ENCRYPTED: 'A file is encrypted.',
  UNKNOWN_COMPRESSION: 'A file is compressed with a method other than Deflate.',
  FILE_TOO_LARGE: 'A file exceeds the size limit.',
  BOMB: 'A file has a higher compression ratio than real drawings have.',
  LOCAL_HEADER: "A file's header contradicts the list of files.",
  WRONG_SIZE: "A file's size differs from the list of files.",
  WRONG_CRC: "A file's bytes do not match its checksum.",
  BROKEN_DATA: 'A file cannot be decompressed.',
  NO_MANIFEST: 'The archive has no manifest.json.',
  MANIFEST_TOO_LARGE: 'The manifest exceeds the limits on bytes, values or levels.',
  NOT_JSON: 'The manifest is not JSON.',
  DUPLICATE_KEY: 'An object in the manifest has a duplicate key.',
  SCHEMA: 'A value does not match docs/manifest.schema.json.',
  BAD_SLUG: "A file's name is not a valid slug, and no slug is stated.",
  DUPLICATE_FAMILY: 'A family is in the manifest twice.',
  DUPLICATE_SET: 'A set is in the manifest twice.',
  DUPLICATE_FILE: 'A file is in the manifest twice.',
  DUPLICATE_SLUG: 'Two files of a set have the same slug.',
  REMOVED_AND_KEPT: 'A slug is in both removed and the files of the same set.',
  EMPTY_SET: 'A set has neither files nor removed slugs.',
  MISSING_FILE: 'A file listed in the manifest is not in the archive.',
  UNLISTED: 'A file in the archive is not listed in the manifest.',
} as const

export type ProblemCode = keyof typeof PROBLEMS

/** One problem of an archive. */
export interface Problem {
  readonly code: ProblemCode
  /** Name in the archive; null for the archive itself. */
  readonly file: string | null
  /** JSON pointer in the manifest; null elsewhere. */
  readonly pointer: string | null
  /** What is wrong, with which value, and what to do. */
  readonly message: string
}

/** The first problems, and the count of all. */
export interface Problems {
  readonly add: (problem: Problem) => void
  readonly kept: readonly Problem[]
  readonly count: () => number
}

/** An archive can have millions of problems; the first ones show why. */
export const PROBLEMS_KEPT = 1000

/** Collects the problems of an archive: keeps the first 1,000 and counts all. */
export function openProblems(): Problems {
  const kept: Problem[] = []
  let count = 0
  const add = ({ code, file, pointer, message }: Problem) => {
    if (++count > PROBLEMS_KEPT) return
    // Names and keys are reported as they are in the archive, as far as the database can store them.
    kept.push({
      code,
      file: file && toStorable(file),
      pointer: pointer && toStorable(pointer),
      message: toStorable(message),
    })
  }
  return { add, kept, count: () => count }
}

const SHOWN_CHARS = 100

/** A value as short JSON on one line, for messages. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value !== null && typeof value === 'object') return 'an object'
  if (typeof value !== 'string') return String(JSON.stringify(value))
  return JSON.stringify(value.length > SHOWN_CHARS ? `${value.slice(0, SHOWN_CHARS)}…` : value)
}
