import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../core/errors.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { lockComposites } from '../db/locks.ts'
import { inStage } from '../telemetry/stage.ts'
import type { AdmissionLimiter } from '../variants/admission.ts'
import { type Delivered, readWhole, type Viewer } from '../variants/ensure.ts'
import { createInteractiveNotice } from '../variants/interactive.ts'
import { imageOf } from '../variants/locate.ts'
import type { LocatedComposite } from './locate.ts'
import { type ComposeDeps, makeComposite } from './make.ts'

/** How long to wait for another process that composes for the same family. */
const WAIT_MS = 8000
const POLL_EVERY_MS = 25

/** @param urlSecret the secret of the key, if not this process's own */
export type EnsureComposite = (wanted: LocatedComposite, viewer: Viewer, urlSecret?: UrlSecret) => Promise<Delivered>

/**
 * Returns a family's picture, composed now if it does not exist yet, once across all processes, under the same admission as variants. If
 * the requested key is outdated, the current picture has a different one. Rejects with GONE, NOT_FOUND if the family has nothing to show,
 * BUSY, or UNAVAILABLE.
 */
export function createEnsureComposite(app: ComposeDeps & { readonly admission: AdmissionLimiter }): EnsureComposite {
  const flights = new Map<string, Promise<Delivered>>()
  const notifyInteractive = createInteractiveNotice(app.pg)

  return async function ensureComposite(wanted, { client }, urlSecret = app.urlSecret) {
    if (wanted.takenDown) throw new AppError('GONE', 'This picture was taken down.')
    const image = wanted.isClean ? imageOf(wanted.images, urlSecret) : null
    const stored = image && (await readWhole(app, image))
    if (stored) return stored
    const key = `${wanted.familyId} ${wanted.layout.name} ${wanted.format} ${urlSecret.id}`
    const inFlight = flights.get(key)
    if (inFlight) return await inFlight
    const flight = make(wanted, { client, urlSecret }).finally(() => flights.delete(key))
    flights.set(key, flight)
    return await flight
  }

  async function make(
    { familyId, vendor, layout, format }: LocatedComposite,
    { client, urlSecret }: { client: string; urlSecret: UrlSecret },
  ): Promise<Delivered> {
    const place = await app.admission.acquire({ path: [vendor, client], lane: 'quick' })
    notifyInteractive()
    try {
      const wanted = { familyId, layout, format, keepsPick: true }
      const composing = { ...app, urlSecret }
      const delivered = await withFamilyLock(app.pg, { familyId, waitMs: WAIT_MS }, () =>
        makeComposite(composing, wanted),
      )
      if (!delivered) throw new AppError('NOT_FOUND', 'This family has nothing to show.')
      return delivered
    } finally {
      place.release()
    }
  }
}

/** Runs the work while no other process can make or delete the family's composites. Throws BUSY after `waitMs`. */
export async function withFamilyLock<T>(
  pg: Pg,
  wait: { familyId: number; waitMs: number; signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + wait.waitMs
  for (;;) {
    {
      await using locks = await inStage('lock', () => lockComposites(pg, [wait.familyId]))
      if (locks.held.length > 0) return await work()
    }
    if (performance.now() > deadline || wait.signal?.aborted)
      throw new AppError('BUSY', 'Another process is composing for this family; try again in a second.')
    await delay(POLL_EVERY_MS)
  }
}
