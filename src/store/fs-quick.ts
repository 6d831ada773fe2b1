import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** A file that takes this long, ms, means that the disk is slow: for the given time, files are left to libuv's threads. */
const [SLOW_MS, SLOW_FOR_MS] = [50, 10_000]

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
 * several times as long as the call (0.5 ms of CPU time for an icon's source and three pictures, 0.15 without). The process waits
 * meanwhile, so this is for workers only, and only while the disk is quick.
 */
export function createQuickFiles(): QuickFiles {
  let slowUntil = 0

  function timed<T>(work: () => T): T {
    const from = performance.now()
    try {
      return work()
    } finally {
      const now = performance.now()
      if (now - from > SLOW_MS) slowUntil = now + SLOW_FOR_MS
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
