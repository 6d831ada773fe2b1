import { setTimeout as delay } from 'node:timers/promises'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { lockComposites, lockItems } from '../db/locks.ts'
import type { Store } from '../store/store.ts'
import { recordCopies } from '../variants/record-copies.ts'
import { findMoved, type Keys, type MovedImage, type Owner, type Position, START } from './find-moved.ts'

/** Pictures that are locked, copied and recorded together: some tenths of a second that a first request for one of them may wait. */
const BATCH = 200
const COPIES_AT_ONCE = 16
/** How long to wait for pictures that others are making or deleting. */
const AGAIN_EVERY_MS = 200
const LOCK = { ITEM: lockItems, FAMILY: lockComposites } as const

export interface CopyReport {
  copied: number
  /** Pictures whose objects are lost: they are rendered on request. */
  lost: number
}

/**
 * Copies every current picture to its key by this secret, without rendering any. It may be interrupted at any time, even killed, and run
 * again, while the service runs: what is recorded is not copied again. Ends after the current batch when `signal` aborts.
 */
export async function copyMoved(
  app: Keys & { readonly previews: Store },
  { signal, onBatch }: { signal: AbortSignal; onBatch: (report: CopyReport) => void },
): Promise<CopyReport> {
  const report = { copied: 0, lost: 0 }
  for (const owner of ['ITEM', 'FAMILY'] as const) {
    let after = START
    while (!signal.aborted) {
      const found = await findMoved(app, owner, { after, limit: BATCH })
      const last = found.at(-1)
      if (!last) break
      await copyBatch(app, { owner, found, after, signal, report })
      onBatch(report)
      after = last
    }
  }
  return report
}

interface Batch {
  readonly owner: Owner
  readonly found: readonly MovedImage[]
  readonly after: Position
  readonly signal: AbortSignal
  readonly report: CopyReport
}

/** Copies what it finds again once the owners are locked: until then, a picture may have been taken down or made. */
async function copyBatch(
  { previews, ...keys }: Keys & { readonly previews: Store },
  { owner, found, after, signal, report }: Batch,
): Promise<void> {
  const wanted = new Set(found.map(({ imageId }) => imageId))
  for (let ids = [...new Set(found.map(({ ownerId }) => ownerId))]; ids.length > 0 && !signal.aborted; ) {
    await using locks = await LOCK[owner](keys.pg, ids)
    const only = locks.held
    const images = only.length > 0 ? await findMoved(keys, owner, { after, limit: BATCH, only }) : []
    const copies: { imageId: string; objectKey: string; urlSecretId: number }[] = []
    await mapConcurrent(
      images.filter(({ imageId }) => wanted.has(imageId)),
      COPIES_AT_ONCE,
      async ({ imageId, objectKey, newKey }) => {
        if (await previews.copy(objectKey, newKey))
          copies.push({ imageId, objectKey: newKey, urlSecretId: keys.urlSecret.id })
        else report.lost++
      },
    )
    await recordCopies(keys.pg, copies)
    report.copied += copies.length
    ids = ids.filter((id) => !only.includes(id))
    await locks.release()
    if (ids.length > 0) await delay(AGAIN_EVERY_MS)
  }
}
