import { constants, lstatSync, readFile as readFileByCallback, type Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { ByteRange } from './store.ts'

/** Symbolic links are not followed. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW
/** A small file takes 33 µs of CPU by callback and 49 by `node:fs/promises`, which opens a FileHandle object for it. */
const readByThreads = promisify(readFileByCallback) as (
  file: string,
  options: { flag: string | number },
) => Promise<Buffer>

/** Files that are remembered, their bytes in all, and those of one: a few thousand pictures. */
const [FILES_MAX, BYTES_MAX, FILE_BYTES_MAX] = [4000, 16e6, 256e3]

/**
 * A disk that is slow to say whether a file is there, several times in a row, is asked in libuv's threads for a while, so that it holds up
 * nothing else. Once may be another program's turn on the processor.
 */
const [SLOW_MS, SLOW_IN_A_ROW, SLOW_FOR_MS] = [0.25, 3, 10_000]

interface Kept {
  /** Null: it was read once. */
  readonly bytes: Buffer | null
  /** When it was read: it changes with whatever is written, renamed or replaced. */
  readonly state: Pick<Stats, 'ino' | 'size' | 'ctimeMs'> | null
}

/**
 * Reads files and keeps in memory those that are read again and again. Each read checks that the file is still there and the same, so
 * nothing that was deleted or replaced is returned. What the system knows of a file that is read often is in memory, so that it is asked
 * directly: that takes 3 µs, and waking one of libuv's threads for it took 50, a third of the CPU time of a stored picture. The caller must
 * not change the bytes. Throws Node's errors.
 */
export function createFileReader(): (file: string) => Promise<Buffer> {
  const kept = new LRUCache<string, Kept>({
    max: FILES_MAX,
    maxSize: BYTES_MAX,
    sizeCalculation: ({ bytes }) => 1 + (bytes?.length ?? 0),
  })
  let [slowInARow, slowUntil] = [0, 0]

  function look(file: string): Stats | Promise<Stats> {
    const from = performance.now()
    if (from < slowUntil) return lstat(file)
    const stats = lstatSync(file)
    const now = performance.now()
    slowInARow = now - from > SLOW_MS ? slowInARow + 1 : 0
    if (slowInARow >= SLOW_IN_A_ROW) slowUntil = now + SLOW_FOR_MS
    return stats
  }

  return async (file) => {
    const known = kept.get(file)
    if (!known) {
      const bytes = await readByThreads(file, { flag: FLAGS })
      if (bytes.length <= FILE_BYTES_MAX) kept.set(file, { bytes: null, state: null })
      return bytes
    }
    // Before it is read: if it is replaced in between, the next read finds another state.
    const { ino, size, ctimeMs } = await (known.bytes ? look(file) : lstat(file))
    const { bytes: before, state } = known
    if (before && state?.ctimeMs === ctimeMs && state.ino === ino && state.size === size) return before
    const bytes = await readByThreads(file, { flag: FLAGS })
    if (bytes.length <= FILE_BYTES_MAX) kept.set(file, { bytes, state: { ino, size, ctimeMs } })
    return bytes
  }
}

/** Fewer bytes if the file ends before. */
export async function readRange(file: string, { from, to }: ByteRange): Promise<Buffer> {
  const handle = await open(file, FLAGS)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(to - from), 0, to - from, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
