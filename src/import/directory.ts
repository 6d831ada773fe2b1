import { lstat, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../core/errors.ts'
import { SOURCE_BYTES_MAX } from '../core/limits.ts'
import { nameOf, parseSourceKey, type SourcePath } from '../core/variant.ts'
import type { Entry, Refusal } from './import-items.ts'

/** Why a path is not that of an original. */
export const LAYOUT =
  'BAD_INPUT: the path is not {vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg, FAMILY and SET being 12 of A-Z and 0-9'

/**
 * The SVGs of a directory that is laid out as `{vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg`. Links are not followed. Any
 * other path is refused and reported. Memory: one file at a time.
 */
export async function* walkDirectory(directory: string): AsyncIterable<Entry | Refusal> {
  for await (const key of walk(directory, '')) {
    const source = parseSourceKey(key)
    if (!source) {
      yield { from: key, reason: LAYOUT }
      continue
    }
    const file = path.join(directory, key)
    const { size } = await lstat(file)
    if (size > SOURCE_BYTES_MAX) {
      yield { from: key, reason: `TOO_LARGE: The file has ${size} bytes; at most ${SOURCE_BYTES_MAX} are allowed.` }
      continue
    }
    yield { ...describePath(source), from: key, bytes: await readFile(file) }
  }
}

/** The description that follows from the path of an original: names are the ids until better ones are set. */
export const describePath = (source: SourcePath) => ({
  vendor: { username: source.vendor, name: source.vendor },
  family: { uniqueId: source.family, name: source.family },
  iconSet: { uniqueId: source.iconSet, name: source.iconSet, kind: source.kind },
  slug: source.slug,
  name: nameOf(source.slug),
})

async function* walk(root: string, folder: string): AsyncIterable<string> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch((error) => {
    throw new AppError(
      'BAD_INPUT',
      `Cannot read the directory ${path.join(root, folder)} (${error.code ?? error.message}): give one that exists and may be read.`,
      {
        cause: error,
      },
    )
  })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue
    const key = folder ? `${folder}/${entry.name}` : entry.name
    // A folder whose name is not UTF-8 cannot be opened by its decoded name; it is refused like any other invalid name.
    if (entry.isDirectory() && !entry.name.includes('\ufffd')) yield* walk(root, key)
    else if (entry.isDirectory() || entry.isFile()) yield key
  }
}
