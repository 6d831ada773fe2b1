import { setTimeout as delay } from 'node:timers/promises'
import { AppError, isSourceFailure } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { logFailure } from '../core/log-failure.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Database } from '../db/database.ts'
import { networkOf } from '../limits/network.ts'
import type { RateLimit } from '../limits/rate-limit.ts'
import { inStage } from '../telemetry/stage.ts'
import type { Admission, AdmissionLimiter } from './admission.ts'
import { createFlights, type Start } from './flights.ts'
import { createInteractiveNotice } from './interactive.ts'
import { imageOf, type Located, type StoredImage } from './locate.ts'
import { makeVariants, md5Of, objectKeyOf, type RenderDeps, sourcePathOf } from './make.ts'
import { specOf } from './offered.ts'
import { type RenderedItem, recordResults } from './record.ts'
import { recordCopies } from './record-copies.ts'
import type { RecordQueue } from './record-queue.ts'
import { refuseFailed, tooSlow } from './refuse-failed.ts'
import { openVariantLocks } from './variant-locks.ts'
import type { WarmQueue } from './warm-queue.ts'

/** CPU time of a render that a viewer waits for, and of one that no worker has made within a minute after that. */
const CPU_LIMIT_MS = { viewer: 5000, last: 20_000 }
/** How long to wait for another process that makes the same picture. */
const WAIT_MS = 8000
/** Maximum time of the origin handler's response. CloudFront waits 30 s for an origin. */
export const ANSWER_LIMIT_MS = 25_000
const POLL_EVERY_MS = 25

/** A client that requests a picture. */
export interface Viewer {
  /** Its address: viewers share the renderers' queue. */
  readonly client: string
  /** Aborts when it disconnects. */
  readonly signal: AbortSignal
}

/** A stored variant. */
export interface Delivered {
  readonly objectKey: string
  readonly md5: string
  readonly bytes: Buffer
  /** Existed for a while before the request: several edges may request a new picture at the same time. */
  readonly wasStored: boolean
}

/** The recorded picture if its object is complete; a lost or truncated one is made again. */
export async function readWhole(
  { stores }: Pick<RenderDeps, 'stores'>,
  { objectKey, bytes: length, md5, isFresh }: Pick<StoredImage, 'objectKey' | 'bytes' | 'md5' | 'isFresh'>,
): Promise<Delivered | null> {
  const bytes = await stores.previews.get(objectKey)
  return bytes?.length === length ? { objectKey, md5, bytes, wasStored: !isFresh } : null
}

/** @param urlSecret the secret of the key, if not this process's own */
export type EnsureVariant = (wanted: Located, viewer: Viewer, urlSecret?: UrlSecret) => Promise<Delivered>

/** A picture, and the promise of its record, which never rejects: viewers do not wait for that. */
interface Outcome {
  readonly result: Delivered
  readonly settled?: Promise<void>
}

/**
 * The core of the service: returns a variant, made now if it does not exist, exactly once across all processes; if it exists under the
 * key of another URL secret, it is copied. Viewers wait their turn,
 * fairly between vendors and clients; if all viewers of a picture disconnect before its turn, it is not made. Rejects with GONE, with the
 * source's reason code (422), with BUSY, with SLOW if a worker will make it, with RATE_LIMITED if the client has had too many transforms drawn,
 * or with UNAVAILABLE.
 */
export function createEnsureVariant(
  deps: RenderDeps &
    Pick<Database, 'pg' | 'keyedPool'> & {
      readonly records: RecordQueue
      readonly warmQueue: WarmQueue
      readonly admission: AdmissionLimiter
      readonly limits: { readonly transforms: RateLimit }
    },
): EnsureVariant {
  const { pg, stores, pool, records, warmQueue, admission, limits } = deps
  const flights = createFlights<Delivered>()
  const lockVariant = openVariantLocks(deps.keyedPool)
  /** Pictures that are being made, or wait for their turn. */
  let making = 0
  const notifyInteractive = createInteractiveNotice(pg)

  return async function ensureVariant(wanted, viewer, urlSecret = deps.urlSecret) {
    if (wanted.takenDown) throw new AppError('GONE', 'This picture was taken down.')
    const image = imageOf(wanted.images, urlSecret)
    const stored = image && (await readWhole(deps, image))
    if (stored) return stored
    if (!isCopied(wanted, urlSecret)) refuseFailed(wanted)
    const key = objectKeyOf({ ...deps, urlSecret }, wanted, specOf(wanted.preset, wanted.format))
    const joined = flights.join(key, viewer.signal)
    if (joined) return await joined
    admission.check(entryOf(wanted, { urlSecret, client: viewer.client }))
    if (wanted.recipe.isTransform && !isCopied(wanted, urlSecret)) limits.transforms.spend(networkOf(viewer.client))
    flights.start(key, async (start) => {
      making++
      return await make(wanted, { key, urlSecret, client: viewer.client, ...start }).finally(() => making--)
    })
    return await (flights.join(key, viewer.signal) as Promise<Delivered>)
  }

  function entryOf(wanted: Located, { urlSecret, client }: Pick<Call, 'urlSecret' | 'client'>) {
    const { vendor } = sourcePathOf(wanted)
    const isSlow = !isCopied(wanted, urlSecret) && (wanted.isSlow || pool.isSlowVendor(vendor))
    return { path: [vendor, client] as const, lane: isSlow ? ('slow' as const) : ('quick' as const) }
  }

  async function make(wanted: Located, call: Omit<Call, 'path' | 'isSlow' | 'place'>): Promise<Outcome> {
    const { path, lane } = entryOf(wanted, call)
    const isSlow = lane === 'slow'
    const isSlowVendor = () => !isCopied(wanted, call.urlSecret) && pool.isSlowVendor(path[0])
    const place = await inStage('admission', () => admission.acquire({ path, lane, signal: call.signal }))
    call.onStart()
    notifyInteractive()
    try {
      // Its vendor turned out slow while it waited.
      if (!isSlow && isSlowVendor() && !place.becomeSlow()) {
        warmQueue.addAwaited(wanted.itemId)
        throw tooSlow()
      }
      return await withLock(wanted, { ...call, path, isSlow: isSlow || isSlowVendor(), place })
    } finally {
      place.release()
    }
  }

  async function withLock(wanted: Located, call: Call): Promise<Outcome> {
    const deadline = performance.now() + WAIT_MS
    // Read while the lock is acquired, because it is usually needed. A failure is reported where it is awaited, if at all.
    const svg = isCopied(wanted, call.urlSecret) ? undefined : stores.originals.get(wanted.originalKey)
    svg?.catch(() => {})
    for (;;) {
      {
        using locks = new DisposableStack()
        const { isHeld, located: now } = locks.use(await inStage('lock', () => lockVariant(wanted)))
        if (!now) throw new AppError('NOT_FOUND', 'The item no longer exists.')
        if (now.takenDown) throw new AppError('GONE', 'This picture was taken down.')
        // It became private, or public, since the look-up; what holds under the lock holds until the picture is recorded.
        if (now.isPrivate !== wanted.isPrivate)
          throw new AppError('NOT_FOUND', 'No picture was issued at this address.')
        const image = imageOf(now.images, call.urlSecret)
        const stored = (image && (await readWhole(deps, image))) ?? (isHeld && (await copy(now, call)))
        if (stored) return { result: stored }
        refuseFailed(now)
        if (isHeld) {
          const source = now.originalKey === wanted.originalKey ? svg : undefined
          const { delivered, item } = await makeOne(now, { ...call, svg: source })
          // Whoever queries its state after the answer finds it there; on a page, that would delay all the others.
          const isAlone = making === 1
          const recorded = record(now, { item, locks: locks.move(), when: isAlone ? 'now' : 'soon' })
          if (isAlone) await recorded
          return { result: delivered, settled: recorded.catch(logUnrecorded) }
        }
      }
      // Another process is making it: its object appears shortly before its row, when a chunk records many at once.
      const bytes = imageOf(wanted.images, call.urlSecret) ? null : await stores.previews.get(call.key)
      if (bytes) return { result: { objectKey: call.key, md5: md5Of(bytes), bytes, wasStored: false } }
      if (performance.now() > deadline)
        throw new AppError('BUSY', 'Another process is making this picture; try again in a second.')
      await delay(POLL_EVERY_MS)
    }
  }

  /** Copies the picture from the key of another secret. Null: there is none, or its object is lost or truncated. */
  async function copy(wanted: Located, { key: objectKey, urlSecret }: Call): Promise<Delivered | null> {
    for (const image of wanted.images) {
      if (image.urlSecretId === urlSecret.id) continue
      const whole = await readWhole(deps, image)
      if (!whole || !(await stores.previews.copy(image.objectKey, objectKey))) continue
      await recordCopies(pg, [{ imageId: image.id, objectKey, urlSecretId: urlSecret.id }])
      if (!wanted.recipe.isTransform) warmQueue.add(wanted.itemId)
      return { ...whole, objectKey, wasStored: false }
    }
    return null
  }

  async function makeOne(
    wanted: Located,
    { key, urlSecret, svg, path, isSlow, place }: Call & { svg: Promise<Buffer | null> | undefined },
  ): Promise<{ delivered: Delivered; item: RenderedItem }> {
    const isLost = imageOf(wanted.images, urlSecret) !== null
    if (isLost) log.warn('an object is lost or truncated, making it again', { key })
    try {
      const made = await makeVariants({ ...deps, urlSecret }, wanted, {
        variants: [specOf(wanted.preset, wanted.format)],
        cpuLimitMs: wanted.wasTooSlow ? CPU_LIMIT_MS.last : CPU_LIMIT_MS.viewer,
        path,
        isSlow,
        onSlow: place.becomeSlow,
        replace: isLost,
        ...(svg ? { svg } : {}),
      })
      const [image] = made.item.images
      const [bytes] = made.bytes
      if (!image || !bytes) throw new Error('the renderer answered without a picture')
      const delivered = { objectKey: image.objectKey, md5: image.md5, bytes, wasStored: false }
      return { delivered, item: made.item }
    } catch (error) {
      throw await recordFailure(wanted, error)
    }
  }

  /** The item stays locked until its picture is recorded, so that a take-down finds it. */
  async function record({ itemId, recipe }: Located, { item, locks, when }: ToRecord): Promise<void> {
    using _ = locks
    await inStage('record', () => records.add(item, when))
    // A client that requests one preset will request the others too; transforms differ from page to page.
    if (!recipe.isTransform) warmQueue.add(itemId)
  }

  /** A render that exceeds a viewer's limit is SLOW, and left to a worker with a larger limit; only that one is final. */
  async function recordFailure(wanted: Located, thrown: unknown): Promise<unknown> {
    const isTooSlow =
      thrown instanceof AppError && (thrown.code === 'SLOW' || (thrown.code === 'TIMEOUT' && !wanted.wasTooSlow))
    const error = isTooSlow ? tooSlow(thrown) : thrown
    if (isTooSlow || isSourceFailure(error)) {
      const { itemId, sourceHash } = wanted
      await recordResults(pg, { failures: [{ itemId, sourceHash, error: error as AppError, backfillId: null }] })
    }
    if (isTooSlow) warmQueue.addAwaited(wanted.itemId)
    return error
  }
}

const logUnrecorded = (error: unknown): void =>
  logFailure('a picture could not be recorded; it is made again when it is requested', error)

interface ToRecord {
  readonly item: RenderedItem
  readonly locks: DisposableStack
  readonly when: 'soon' | 'now'
}

interface Call extends Start {
  readonly key: string
  readonly urlSecret: UrlSecret
  readonly client: string
  readonly path: readonly string[]
  readonly isSlow: boolean
  readonly place: Admission
}

/** Whether the picture exists under the key of another secret, so that it need not be rendered. */
const isCopied = ({ images }: Located, urlSecret: UrlSecret) => images.length > 0 && imageOf(images, urlSecret) === null
