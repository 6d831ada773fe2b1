import type { Problem } from '../../src/archive/problems.ts'

/** What the worker says of an archive: how far it is, and at the end its problems or its content. */
export type CheckMessage =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly result: CheckResult }
  /** The file could not be read. */
  | { readonly kind: 'unreadable' }

export interface CheckResult {
  /** The first 1,000 of them. */
  readonly problems: readonly Problem[]
  readonly problemCount: number
  /** Null if there are problems. */
  readonly content: ArchiveContent | null
}

export interface ArchiveContent {
  readonly vendor: string
  readonly sets: readonly {
    readonly uniqueId: string
    readonly name: string
    readonly family: string
    /** Numbers of items. */
    readonly files: number
    readonly removed: number
  }[]
}
