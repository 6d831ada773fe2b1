import { AppError } from '../core/errors.ts'

export interface AdmissionLimiter {
  /** Waits for a free slot and returns its release. Rejects with BUSY, at once where the wait would be too long. */
  acquire(): Promise<() => void>
}

/** Allows a page with dozens of new pictures to be served completely. A queue that lasts longer is overload. */
const BURST_MS = 1000
/** In overload a long queue would make every request slow: accepted requests wait no longer than at full load. */
const QUEUED_PER_SLOT = 8
/** As many may always wait for each slot: a slow machine is not an overloaded one. */
const QUEUED_PER_SLOT_MIN = 2
/** The longest wait when a store or the database stops responding. */
const STALLED_MS = 4000
/** Until the first release: about what bench/README.md says of a first request. */
const FIRST_GUESS_MS = 30
/** Weight of the latest holding time in the mean: it adapts within some twenty releases. */
const LATEST = 0.1

/**
 * At most `size` holders at once; the others wait in FIFO order. A request is admitted or refused on arrival by its expected
 * wait: position in the queue x mean holding time / size (load shedding). Refusing at once is better than a time-out: a CDN
 * gets its response while the viewer is still there, and no work is done for a request that was given up.
 */
export function openAdmissionLimiter({ size }: { size: number }): AdmissionLimiter {
  let free = size
  let meanHoldMs = FIRST_GUESS_MS
  let queuedSince = 0
  const queue = new Set<() => void>()

  const hold = () => {
    const since = performance.now()
    let released = false
    return () => {
      if (released) return
      released = true
      // Bounded, so that an outage distorts the mean only briefly.
      const heldMs = Math.min(performance.now() - since, BURST_MS)
      meanHoldMs += LATEST * (heldMs - meanHoldMs)
      const [next] = queue
      if (next) next()
      else free++
    }
  }

  const isTooLong = (): boolean => {
    if (queue.size === 0) queuedSince = performance.now()
    if (queue.size < QUEUED_PER_SLOT_MIN * size) return false
    const isBurst = performance.now() - queuedSince <= BURST_MS
    const expectedMs = ((queue.size + 1) * meanHoldMs) / size
    return expectedMs > BURST_MS || (!isBurst && queue.size >= QUEUED_PER_SLOT * size)
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
          queue.delete(take)
          resolve(hold())
        }
        const timer = setTimeout(() => {
          queue.delete(take)
          reject(busy())
        }, STALLED_MS)
        queue.add(take)
      })
    },
  }
}

const busy = () => new AppError('BUSY', 'Too many pictures are being made at this moment; try again in a second.')
