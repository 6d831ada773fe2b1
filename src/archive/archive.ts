import { open } from 'node:fs/promises'
import { AppError } from '../core/errors.ts'
import type { Store } from '../store/store.ts'

/** Random access to an archive's bytes: a file, or an object in a store. */
export interface ArchiveSource {
  readonly bytes: number
  /** The bytes of [from, to), all of them. Throws UNAVAILABLE if they cannot be read. */
  readonly read: (from: number, to: number) => Promise<Buffer>
}

/** A file as an archive. Throws BAD_INPUT if there is none. */
export async function fileSource(file: string): Promise<ArchiveSource & { readonly close: () => Promise<void> }> {
  const handle = await open(file).catch((error) => {
    throw new AppError('BAD_INPUT', `Cannot read ${file}: ${error.message}`, { cause: error })
  })
  const stat = await handle.stat()
  if (!stat.isFile()) {
    await handle.close()
    throw new AppError('BAD_INPUT', `${file} is not a file; a ZIP archive is needed.`)
  }
  const read = async (from: number, to: number) => {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(to - from), 0, to - from, from)
    return whole(buffer.subarray(0, bytesRead), { from, to, name: file })
  }
  return { bytes: stat.size, read, close: () => handle.close() }
}

/** An object of a store as an archive, read in ranges; null if there is none. */
export async function storeSource(store: Store, key: string): Promise<ArchiveSource | null> {
  const found = await store.head(key)
  if (!found) return null
  const read = async (from: number, to: number) =>
    from === to
      ? Buffer.alloc(0)
      : whole((await store.get(key, { range: { from, to } })) ?? Buffer.alloc(0), { from, to, name: key })
  return { bytes: found.bytes, read }
}

function whole(bytes: Buffer, { from, to, name }: { from: number; to: number; name: string }): Buffer {
  if (bytes.length === to - from) return bytes
  throw new AppError('UNAVAILABLE', `${name} was changed while it was read: ${bytes.length} of ${to - from} bytes.`)
}

/** 1 GB is 250 requests to a store. */
const WINDOW_BYTES = 4_000_000

/**
 * The same source with read-ahead: sequential access costs one read per few megabytes. Reads are serialised, so that many
 * readers can share it. What it returns is a view: keep a copy.
 */
export function readAhead(
  source: ArchiveSource,
  windowBytes = WINDOW_BYTES,
): ArchiveSource & { readonly letGo: () => void } {
  const nothing = { from: 0, bytes: Buffer.alloc(0) }
  let window: { readonly from: number; readonly bytes: Buffer } = nothing
  let last: Promise<unknown> = Promise.resolve()
  const readWindow = async (from: number, to: number) => {
    if (from < window.from || to > window.from + window.bytes.length) {
      // The old window is released first: only one is in memory.
      window = nothing
      window = { from, bytes: await source.read(from, Math.min(Math.max(to, from + windowBytes), source.bytes)) }
    }
    return window.bytes.subarray(from - window.from, to - window.from)
  }
  const read = (from: number, to: number) => {
    const next = last.then(() => readWindow(from, to))
    last = next.catch(() => {})
    return next
  }
  const letGo = () => {
    window = nothing
  }
  return { bytes: source.bytes, read, letGo }
}
