import { setTimeout as delay } from 'node:timers/promises'
import { AppError, type ErrorCode, isSourceFailure } from '../core/errors.ts'
import { log } from '../core/log.ts'
import type { Pg } from '../db/database.ts'
import { lockItems } from '../db/locks.ts'
import type { AdmissionLimiter } from './admission.ts'
import { createInteractiveNotice } from './interactive.ts'
import { type Located, locateVariant } from './locate.ts'
import { makeVariants, md5Of, type RenderDeps, variantKeyOf } from './make.ts'
import { recordResults } from './record.ts'
import type { WarmQueue } from './warm-queue.ts'

const RENDER_LIMIT_MS = 5000
/** Waiting for another process that makes the same picture. */
const WAIT_MS = 8000
/** The longest response time of the origin handler. CloudFront waits 30 s for an origin. */
export const ANSWER_LIMIT_MS = 20_000
const POLL_EVERY_MS = 25

/** A stored variant. */
export interface Delivered {
  readonly objectKey: string
  readonly md5: string
  readonly bytes: Buffer
  /** It existed before the request, for more than a moment: several edges ask at once for a new picture. */
  readonly wasStored: boolean
}

export type EnsureVariant = (wanted: Located) => Promise<Delivered>

/**
 * The variant, made now if it does not exist yet, exactly once across all processes.
 * Rejects with GONE, with the source's reason code (422), with BUSY, or with UNAVAILABLE.
 */
export function createEnsureVariant(
  deps: RenderDeps & { readonly pg: Pg; readonly warmQueue: WarmQueue; readonly admission: AdmissionLimiter },
): EnsureVariant {
  const { pg, stores, warmQueue, admission } = deps
  const flights = new Map<string, Promise<Delivered>>()
  const notifyInteractive = createInteractiveNotice(pg)

  return async function ensureVariant(wanted) {
    if (wanted.takenDown) throw new AppError('GONE', 'This picture was taken down.')
    const stored = await read(wanted)
    if (stored) return stored
    if (wanted.failure) throw new AppError(wanted.failure.code as ErrorCode, wanted.failure.message)

    const key = variantKeyOf(deps, wanted, { preset: wanted.preset.name, format: wanted.format })
    const inFlight = flights.get(key)
    if (inFlight) return await inFlight
    const flight = make(wanted, key).finally(() => flights.delete(key))
    flights.set(key, flight)
    return await flight
  }

  /** What is recorded, as far as its object is whole; a missing or truncated one is made again. */
  async function read({ image }: Located): Promise<Delivered | null> {
    if (!image) return null
    const bytes = await stores.previews.get(image.objectKey)
    if (bytes?.length === image.bytes)
      return { objectKey: image.objectKey, md5: image.md5, bytes, wasStored: !image.isFresh }
    return null
  }

  async function make(wanted: Located, key: string): Promise<Delivered> {
    const release = await admission.acquire()
    notifyInteractive()
    try {
      return await makeUnderLock(wanted, key)
    } finally {
      release()
    }
  }

  async function makeUnderLock(wanted: Located, key: string): Promise<Delivered> {
    const giveUpAt = Date.now() + WAIT_MS
    // Read while the lock is taken, since it is usually needed. A failure is reported where it is awaited, if it is.
    const svg = stores.originals.get(wanted.originalKey)
    svg.catch(() => {})
    for (;;) {
      {
        // Nobody has to wait for the release: it never fails, and the next one to lock waits for it anyway.
        using locks = await lockItems(pg, [wanted.itemId])
        const now = await locateVariant(pg, wanted)
        if (!now) throw new AppError('NOT_FOUND', 'The item no longer exists.')
        if (now.takenDown) throw new AppError('GONE', 'This picture was taken down.')
        const stored = await read(now)
        if (stored) return stored
        if (now.failure) throw new AppError(now.failure.code as ErrorCode, now.failure.message)
        if (locks.held.length > 0)
          return await makeAndRecord(now, now.originalKey === wanted.originalKey ? svg : undefined)
      }
      // Another process makes it: its object exists a little before its row, when a chunk records many at once.
      const bytes = wanted.image ? null : await stores.previews.get(key)
      if (bytes) return { objectKey: key, md5: md5Of(bytes), bytes, wasStored: false }
      if (Date.now() > giveUpAt)
        throw new AppError('BUSY', 'Another process makes this picture; try again in a second.')
      await delay(POLL_EVERY_MS)
    }
  }

  async function makeAndRecord(wanted: Located, svg: Promise<Buffer | null> | undefined): Promise<Delivered> {
    if (wanted.image) log.warn('an object is missing or truncated; making it again', { key: wanted.image.objectKey })
    const variants = [{ preset: wanted.preset.name, format: wanted.format }]
    try {
      const made = await makeVariants(deps, wanted, {
        variants,
        timeoutMs: RENDER_LIMIT_MS,
        replace: wanted.image !== null,
        ...(svg ? { svg } : {}),
      })
      await recordResults(pg, { made: [made.item] })
      warmQueue.add(wanted.itemId)
      const [image] = made.item.images
      const [bytes] = made.bytes
      if (!image || !bytes) throw new Error('the renderer answered without a picture')
      return { objectKey: image.objectKey, md5: image.md5, bytes, wasStored: false }
    } catch (error) {
      if (isSourceFailure(error)) {
        const { itemId, sourceHash } = wanted
        await recordResults(pg, { failures: [{ itemId, sourceHash, error, backfillId: null }] })
      }
      throw error
    }
  }
}
