import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** The disk is slow if the latest files took so long each, ms, on average over about so many: one may wait for a busy processor. */
const [SLOW_MS, FILES] = [2, 64]
/** For so long, files are then left to libuv's threads. */
const SLOW_FOR_MS = 10_000

export interface QuickFiles {
  /** Whether to use the calls below. */
  readonly isQuick: boolean
  /** The bytes of a file. Throws Node's errors. */
  read(file: string, flag: number): Buffer
  /** Writes a draft, which must not exist, and renames it. Throws Node's errors. */
  place(draft: string, file: string, bytes: Uint8Array): void
}

/**
 * Small files without libuv's threads: each of the three or four calls for a file wakes a thread and then the event loop, which takes
 * several times as long as the call (bench/README.md, backfill). The process waits meanwhile, so this is for workers only, and only while
 * the disk is quick.
 */
export function createQuickFiles(): QuickFiles {
  let [meanMs, slowUntil] = [0, 0]

  function timed<T>(work: () => T): T {
    const from = performance.now()
    try {
      return work()
    } finally {
      const now = performance.now()
      meanMs += (now - from - meanMs) / FILES
      if (meanMs > SLOW_MS) [meanMs, slowUntil] = [0, now + SLOW_FOR_MS]
    }
  }

  return {
    get isQuick() {
      return performance.now() >= slowUntil
    },
    // Node accepts numbers, its types only names.
    read: (file, flag) => timed(() => readFileSync(file, { flag: flag as unknown as string })),
    place: (draft, file, bytes) =>
      timed(() => {
        writeFileSync(draft, bytes, { flag: 'wx' })
        renameSync(draft, file)
      }),
  }
}
