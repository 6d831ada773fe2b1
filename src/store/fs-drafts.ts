import { randomBytes } from 'node:crypto'
import { link, lstat, readdir, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { startOf } from '../core/processes.ts'

/** The temporary files of a store in a directory: each becomes an object by a link or by being renamed. */

const DRAFT_MAX_AGE_MS = 24 * 3_600_000
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
 * Claims a key for one process that shares the directory; null: another one receives it. A claim whose
 * process died counts for nothing. Call what is returned when the draft has ended.
 */
export async function claimDraft(drafts: string, key: string): Promise<(() => Promise<void>) | null> {
  const claim = `${key.replaceAll('/', '_')}.claim.`
  for (const name of await readdir(drafts)) {
    if (name.startsWith(claim) && !(await removeIfOrphan(drafts, name, claim))) return null
  }
  const mine = path.join(drafts, claim + newDraftName())
  await writeFile(mine, '', { flag: 'wx' })
  const release = () => unlink(mine).catch(() => {})
  // Of two that claim it at the same moment neither goes on.
  const claims = (await readdir(drafts)).filter((name) => name.startsWith(claim))
  if (claims.length === 1) return release
  await release()
  return null
}

/**
 * Removes drafts left by killed processes: those of this host immediately, others once they are old: a live process needs its own for far
 * less than an hour, and the clocks of two hosts may differ by hours.
 */
export async function removeOrphans(drafts: string): Promise<void> {
  for (const name of await readdir(drafts)) await removeIfOrphan(drafts, name)
}

async function removeIfOrphan(drafts: string, name: string, prefix = /^.*\.claim\./.exec(name)?.[0] ?? '') {
  const [, host, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(name.slice(prefix.length)) ?? []
  const draft = path.join(drafts, name)
  const isOrphan = host === HOST && (await startOf(Number(pid))) === null
  const stat = await lstat(draft).catch(() => null)
  if (!stat) return true
  if (!isOrphan && Date.now() - stat.mtimeMs <= DRAFT_MAX_AGE_MS) return false
  await unlink(draft).catch(() => {})
  return true
}
