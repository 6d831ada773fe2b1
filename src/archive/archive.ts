/** Random access to an archive's bytes: a file, or an object in a store. */
export interface ArchiveSource {
  readonly bytes: number
  /** The bytes of [from, to), all of them. Throws UNAVAILABLE if they cannot be read. */
  readonly read: (from: number, to: number) => Promise<Buffer>
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
