import { open } from 'node:fs/promises'
import { AppError } from '../core/errors.ts'
import type { Store } from '../store/store.ts'
import type { ArchiveSource } from './archive.ts'

/** A file as an archive. Throws BAD_INPUT if there is none. */
export async function fileSource(file: string): Promise<ArchiveSource & { readonly close: () => Promise<void> }> {
  const handle = await open(file).catch((error) => {
    throw new AppError(
      'BAD_INPUT',
      `Cannot read ${file} (${error.code ?? error.message}): give a ZIP archive that exists and may be read.`,
      { cause: error },
    )
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
