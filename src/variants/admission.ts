import { AppError } from '../core/errors.ts'

export interface AdmissionLimiter {
  /** Waits for a free slot and returns its release. Rejects with BUSY, at once where the wait would be too long. */
  acquire(): Promise<() => void>
}

/** So that a page of dozens of pictures that nobody saw before is served whole. A line that stands longer is overload. */
const BURST_MS = 1000
/** In overload a long line makes everybody slow and nobody served: what is accepted waits as at full load, not more. */
const PLACES_PER_SLOT = 8
/** So many for each slot may wait in any case: a slow machine is not a full one. */
const PLACES_PER_SLOT_MIN = 2
/** Whoever is in line when a store or the database stops answering. */
const STALLED_MS = 4000
/** Until the first release: about what bench/README.md says of a first request. */
const FIRST_GUESS_MS = 30
/** Weight of the latest holding time in the mean: some twenty releases make it new. */
const LATEST = 0.1

/**
 * At most `size` holders at once; the others wait in the order they came. Whether one may wait is decided when it comes,
 * by its expected wait: place in line x mean holding time / size. Refusing at once beats a time-out: a CDN's request
 * is answered while its viewer is still there, and the work done is only work that somebody still wants.
 */
export function openAdmissionLimiter({ size }: { size: number }): AdmissionLimiter {
  let free = size
  let meanHoldMs = FIRST_GUESS_MS
  let lineSince = 0
  const line = new Set<() => void>()

  const hold = () => {
    const since = performance.now()
    let released = false
    return () => {
      if (released) return
      released = true
      // Bounded, so that an outage is soon forgotten.
      const heldMs = Math.min(performance.now() - since, BURST_MS)
      meanHoldMs += LATEST * (heldMs - meanHoldMs)
      const [next] = line
      if (next) next()
      else free++
    }
  }

  const isTooLong = (): boolean => {
    if (line.size === 0) lineSince = performance.now()
    if (line.size < PLACES_PER_SLOT_MIN * size) return false
    const isBurst = performance.now() - lineSince <= BURST_MS
    const expectedMs = ((line.size + 1) * meanHoldMs) / size
    return expectedMs > BURST_MS || (!isBurst && line.size >= PLACES_PER_SLOT * size)
  }

  return {
    acquire() {
      if (free > 0) {
        free--
        return Promise.resolve(hold())
      }
      if (isTooLong()) return Promise.reject(busy())
      return new Promise((resolve, reject) => {
        const take = () => {
          clearTimeout(timer)
          line.delete(take)
          resolve(hold())
        }
        const timer = setTimeout(() => {
          line.delete(take)
          reject(busy())
        }, STALLED_MS)
        line.add(take)
      })
    },
  }
}

const busy = () => new AppError('BUSY', 'Too many pictures are being made at this moment; try again in a second.')
