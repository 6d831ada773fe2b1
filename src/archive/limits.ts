import { SOURCE_BYTES_MAX } from '../core/limits.ts'

/** Limits of a vendor's archive; far above what 50,000 drawings need. */
export const ARCHIVE_LIMITS = {
  archiveBytes: 2_000_000_000,
  /** Files and folders. */
  entries: 100_000,
  entryBytes: SOURCE_BYTES_MAX,
  /** Uncompressed, all together. */
  totalBytes: 4_000_000_000,
  manifestBytes: 10_000_000,
  nameBytes: 512,
  /** Uncompressed to compressed size, of a file above `ratioFromBytes`. */
  ratio: 100,
  ratioFromBytes: 1_000_000,
}
export type ArchiveLimits = Readonly<typeof ARCHIVE_LIMITS>
