import { link, lstat, mkdir, readdir, realpath, rename, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { claimDraft, linkNew, newDraftName, removeOrphans } from './fs-drafts.ts'
import { createFileReader, readRange } from './fs-read.ts'
import { syncFiles, syncFolders } from './fs-sync.ts'
import type { Listed, Store } from './store.ts'
import { writeStream } from './write-stream.ts'

/** Temporary files are next to the tree, on the same filesystem, so that a crash leaves no partial object. */
const DRAFTS = '.drafts'
const KEY_MAX = 512
const WRITES_AT_ONCE = 16
/** How long it takes until a sender that was cut off is noticed, and how often to look. */
const [NOTICED_MS, NOTICED_EVERY_MS] = [1000, 50]

const isAbsent = ({ code }: NodeJS.ErrnoException): boolean => code === 'ENOENT' || code === 'ENOTDIR'

/**
 * A store in a directory. Objects appear by link or rename, never partially. Throws UNAVAILABLE if the directory cannot be created or
 * read, BAD_INPUT for a key outside of it.
 */
export async function openFsStore(directory: string): Promise<Store> {
  const drafts = path.join(directory, DRAFTS)
  await mkdir(drafts, { recursive: true }).catch((error) => {
    throw new AppError(
      'UNAVAILABLE',
      `Cannot write to ${directory} (${causes(error)}): check DATA_DIR and its owner.`,
      { cause: error },
    )
  })
  const root = await realpath(directory)
  await removeOrphans(path.join(root, DRAFTS))
  /** Folders known to be real ones inside the root: one check each, not one per object. */
  const checked = new Set<string>([root])

  const locate = (key: string): string => {
    const file = path.resolve(root, key)
    const inside = file.startsWith(root + path.sep) && !file.startsWith(path.join(root, DRAFTS))
    if (!inside || key.length > KEY_MAX || path.relative(root, file) !== key) {
      throw new AppError('BAD_INPUT', `Key ${JSON.stringify(key.slice(0, 100))} is not a path inside the store.`)
    }
    return file
  }

  /** Refuses symbolic links in the path: a folder must resolve to itself. */
  const checkFolder = async (folder: string): Promise<void> => {
    if (checked.has(folder)) return
    if ((await realpath(folder)) !== folder)
      throw new AppError('BAD_INPUT', `${folder} is reached through a link, which the store does not follow.`)
    checked.add(folder)
  }

  const failed = (verb: string, key: string) => (error: NodeJS.ErrnoException) => {
    if (error instanceof AppError) throw error
    throw new AppError('UNAVAILABLE', `Cannot ${verb} ${key} in ${root}: ${error.message}`, { cause: error })
  }
  const absent = (error: NodeJS.ErrnoException): null => {
    if (isAbsent(error)) return null
    throw error
  }

  const readFile = createFileReader()
  const get: Store['get'] = async (key, { range } = {}) => {
    const file = locate(key)
    try {
      const folder = path.dirname(file)
      if (!checked.has(folder)) await checkFolder(folder)
      return range ? await readRange(file, range) : await readFile(file)
    } catch (error) {
      if (isAbsent(error as NodeJS.ErrnoException)) return null
      return failed('read', key)(error as NodeJS.ErrnoException)
    }
  }

  const newDraft = () => path.join(root, DRAFTS, newDraftName())

  const put: Store['put'] = async (key, bytes, options) => {
    const file = locate(key)
    const draft = newDraft()
    let isMoved = false
    const write = async () => {
      await makeFolder(path.dirname(file))
      await writeFile(draft, bytes, { flag: 'wx' })
      if (!(options.replace || options.keyNamesBytes)) return await linkNew(draft, file)
      await rename(draft, file)
      isMoved = true
      return true
    }
    try {
      return await write()
    } catch (error) {
      return failed('write', key)(error as NodeJS.ErrnoException)
    } finally {
      // Not awaited: drafts left by a crash are deleted at the next start.
      if (!isMoved) void unlink(draft).catch(() => {})
    }
  }

  /** Contents reach the disk before names, and names before this returns: two syncs for all. */
  const putAll: Store['putAll'] = async (objects) => {
    const writes = objects.map(({ key, bytes }) => ({ key, bytes, file: locate(key), draft: newDraft() }))
    const each = (verb: string, work: (write: (typeof writes)[number]) => Promise<unknown>) =>
      mapConcurrent(writes, WRITES_AT_ONCE, (write) => work(write).catch(failed(verb, write.key)))
    try {
      await each('write', ({ draft, bytes }) => writeFile(draft, bytes, { flag: 'wx' }))
      await syncFiles(
        root,
        writes.map(({ draft }) => draft),
      ).catch(failed('sync', 'drafts'))
      await each('write', async ({ draft, file }) => {
        await makeFolder(path.dirname(file))
        await rename(draft, file)
      })
      await syncFolders(
        root,
        writes.map(({ file }) => file),
      ).catch(failed('sync', 'folders'))
    } catch (error) {
      await mapConcurrent(writes, WRITES_AT_ONCE, ({ draft }) => rm(draft, { force: true }))
      throw error
    }
  }

  // A second name for the same file: no object is ever changed in place.
  const copy: Store['copy'] = async (key, to) => {
    const [file, target, draft] = [locate(key), locate(to), newDraft()]
    try {
      if (!(await head(key))) return false
      await makeFolder(path.dirname(target))
      await link(file, draft)
      await rename(draft, target)
      return true
    } catch (error) {
      // Deleted meanwhile.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      return failed('copy', key)(error as NodeJS.ErrnoException)
    } finally {
      // Renaming a name of a file to another name of the same file does nothing.
      await rm(draft, { force: true })
    }
  }

  /** One draft a key, however many send it at once. */
  const receiving = new Set<string>()

  const receive = async (key: string, body: AsyncIterable<Uint8Array>, { bytes }: { bytes: number }) => {
    const file = locate(key)
    const draft = newDraft()
    const busy = new AppError('BAD_INPUT', `${key} is being received already: wait until that has ended or failed.`)
    // A sender that was cut off may try again before that has been noticed.
    for (let waitedMs = 0; receiving.has(key); waitedMs += NOTICED_EVERY_MS) {
      if (waitedMs >= NOTICED_MS) throw busy
      await setTimeout(NOTICED_EVERY_MS)
    }
    receiving.add(key)
    let release: (() => Promise<void>) | null = null
    try {
      await removeOrphans(path.join(root, DRAFTS))
      release = await claimDraft(path.join(root, DRAFTS), key)
      if (!release) throw busy
      await makeFolder(path.dirname(file))
      await writeStream(draft, body, bytes)
      return await linkNew(draft, file)
    } catch (error) {
      // A broken stream is the sender's error, not the store's.
      const { syscall } = error as NodeJS.ErrnoException
      return syscall && syscall !== 'read'
        ? failed('write', key)(error as NodeJS.ErrnoException)
        : await Promise.reject(error)
    } finally {
      await rm(draft, { force: true })
      receiving.delete(key)
      await release?.()
    }
  }

  const makeFolder = async (folder: string): Promise<void> => {
    if (checked.has(folder)) return
    // From the root downwards, each checked before anything is created below it.
    await makeFolder(path.dirname(folder))
    await mkdir(folder).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
    await checkFolder(folder)
  }

  const stat = async (key: string) => {
    const file = locate(key)
    const look = async () => {
      await checkFolder(path.dirname(file))
      const found = await lstat(file)
      return found.isFile() ? { bytes: found.size, modifiedAt: found.mtime } : null
    }
    return look().catch(absent).catch(failed('stat', key))
  }
  const head: Store['head'] = (key) => stat(key).then((found) => found && { bytes: found.bytes })

  const remove = async (keys: readonly string[]) => {
    for (const key of keys) await rm(locate(key), { force: true }).catch(failed('delete', key))
  }

  async function* list(prefix: string, { after = '' } = {}): AsyncIterable<Listed> {
    const slash = prefix.lastIndexOf('/')
    yield* walk(slash < 0 ? '' : prefix.slice(0, slash))

    async function* walk(folder: string): AsyncIterable<Listed> {
      const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(absent)
      const byKey = (entries ?? []).map((entry) => ({
        entry,
        sort: entry.isDirectory() ? `${entry.name}/` : entry.name,
      }))
      for (const { entry } of byKey.sort((a, b) => (a.sort < b.sort ? -1 : 1))) {
        const key = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (entry.isDirectory() && key !== DRAFTS && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)))
          yield* walk(key)
        if (!entry.isFile() || !key.startsWith(prefix) || key <= after) continue
        const found = await stat(key)
        if (found) yield { key, etag: null, ...found }
      }
    }
  }

  return {
    name: root,
    get,
    put,
    putAll,
    copy,
    head,
    delete: remove,
    list,
    inbox: { kind: 'proxied', receive },
    signGet: null,
  }
}
