import './node/globals.ts'
import type { ArchiveSource } from '../../src/archive/archive.ts'
import { checkArchive } from '../../src/archive/check.ts'
import type { CheckMessage, CheckResult } from './messages.ts'

/** A worker of the browser that checks the file which it is sent, by the service's own rules, and posts CheckMessages. */

declare const self: {
  onmessage: (event: { readonly data: Blob }) => void
  postMessage: (message: CheckMessage) => void
}

self.onmessage = ({ data: file }) => {
  check(file).then(
    (result) => self.postMessage({ kind: 'done', result }),
    () => self.postMessage({ kind: 'unreadable' }),
  )
}

async function check(file: Blob): Promise<CheckResult> {
  const read: ArchiveSource['read'] = async (from, to) => {
    self.postMessage({ kind: 'progress', bytes: to })
    return Buffer.from(await file.slice(from, to).arrayBuffer())
  }
  const { problems, problemCount, archive } = await checkArchive({ bytes: file.size, read })
  const sets = archive?.sets.map(({ family, iconSet, files, removed }) => ({
    uniqueId: iconSet.uniqueId,
    name: iconSet.name,
    family: family.name,
    files: files.length,
    removed: removed.length,
  }))
  return { problems, problemCount, content: archive && sets ? { vendor: archive.vendor, sets } : null }
}
