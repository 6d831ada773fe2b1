import { randomBytes } from 'node:crypto'
import { link, lstat, readdir, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { startOf } from '../core/processes.ts'

/** The temporary files of a store in a directory: each becomes an object by a link or by being renamed. */

const DRAFT_MAX_AGE_MS = 3_600_000
/** Read once: each call is a system call, and every draft's name contains it. */
const HOST = hostname()

/** A name that no other process uses, and that tells whose it was. */
export const newDraftName = (): string => `${HOST}.${process.pid}.${randomBytes(8).toString('hex')}`

/** Gives a draft its name in the store. False: something exists there already. */
export const linkNew = (draft: string, file: string): Promise<boolean> =>
  link(draft, file).then(
    () => true,
    (error) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )

/**
 * Removes drafts left by killed processes: those of this host immediately, others once they are old: a live process needs its own for far
 * less than an hour.
 */
export async function removeOrphans(drafts: string): Promise<void> {
  for (const name of await readdir(drafts)) {
    const draft = path.join(drafts, name)
    const [, host, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(name) ?? []
    const isOrphan = host === HOST && (await startOf(Number(pid))) === null
    const stat = await lstat(draft).catch(() => null)
    if (stat && (isOrphan || Date.now() - stat.mtimeMs > DRAFT_MAX_AGE_MS)) await unlink(draft).catch(() => {})
  }
}
