import { AppError } from '../core/errors.ts'
import { createLanes, type LaneEntry } from '../core/lanes.ts'

/** A request that waits for its picture to be made. */
export interface Applicant extends LaneEntry {
  /** [vendor, client]: vendors share fairly, and each vendor's clients. */
  readonly path: readonly [vendor: string, client: string]
  /** Removes it from the queue. */
  readonly signal?: AbortSignal
}

/** An admission slot, held while a picture is being made. */
export interface Admission {
  release(): void
  /** Moves a picture that turned out slow to a slow slot and frees its quick one. False: too many slow slots are held. */
  becomeSlow(): boolean
}

export interface AdmissionLimiter {
  /** Throws BUSY if `acquire` would reject at once: a refusal then costs a fraction of the time. */
  check(entry: LaneEntry): void
  /** Waits for a slot. Rejects with BUSY: immediately if the wait would be too long, after WAIT_MAX_MS, or when it aborts. */
  acquire(applicant: Applicant): Promise<Admission>
  /** Whether a picture is being made. */
  isBusy(): boolean
  /** Whether somebody waits for a slot. */
  isCrowded(): boolean
}

/** A viewer that waits this long still gets the picture; a CDN gives up after 30 s (CloudFront's default). */
const HELD_MS = 15_000
/**
 * Who was let in waits on, because the estimate can only know the speed until then: refusals take a quarter of two cores from the renderers,
 * so 15 s by the speed before a burst become 20 s. Leaves 5 s of the CDN's 30 for the render.
 */
export const WAIT_MAX_MS = 25_000
/** Used until the first release: about the time of a first request in bench/README.md while every place is held. */
const INITIAL_ESTIMATE_MS = 90
/** Weight of the latest holding time in the mean, which adapts within a second: a quicker one lets too many in whenever a few were quick. */
const LATEST = 0.03
/** Vendors admitted beyond the places, with one picture each: the renderers can only be shared among those that are admitted. */
const NEWCOMERS_MAX = 4
/** Longer holding times count as this much, so that an outage is soon forgotten. */
const COUNTED_MAX_MS = 1000

/**
 * Allows `places` holders at once; the others wait, fairly between vendors and their clients. Whether a request may wait is decided on
 * arrival, by its expected wait: requests before it x mean holding time / places. A viewer waits as long as a CDN does, because a browser
 * never retries an <img>; above that, refusing immediately is better than a time-out: no work is done that nobody waits for.
 * @param options.refill places that must be free before waiting requests enter, all at once: what they need of the database before their
 * render is then read in a few statements for all of them
 */
export function openAdmissionLimiter({ places, refill = 1 }: { places: number; refill?: number }): AdmissionLimiter {
  const lanes = createLanes<() => void>(places)
  const meanMs = { quick: INITIAL_ESTIMATE_MS, slow: INITIAL_ESTIMATE_MS }
  const held = { quick: 0, slow: 0 }

  const byVendor = new Map<string, number>()

  const busyPlaces = () => held.quick + Math.min(held.slow, lanes.slowMax)

  /** Which vendors may enter: all while a place is free, else those that hold none. Null: none. */
  function admissible({ isOpen = true } = {}): ((vendor: string) => boolean) | null {
    const busy = busyPlaces()
    if (isOpen && busy < places) return () => true
    return busy < places + NEWCOMERS_MAX ? (vendor) => !byVendor.has(vendor) : null
  }

  const isFree = ({ path: [vendor = ''], lane }: LaneEntry) =>
    lanes.waiting(lane) === 0 && (lane === 'quick' || held.slow < lanes.slowMax) && admissible()?.(vendor)

  function hold({ path, lane: first }: LaneEntry): Admission {
    const since = performance.now()
    const [vendor = ''] = path
    // An estimate until the release, so that a burst from one vendor is not admitted all at once.
    const charged = meanMs[first]
    let lane: LaneEntry['lane'] | null = first
    held[first]++
    byVendor.set(vendor, (byVendor.get(vendor) ?? 0) + 1)
    lanes.charge(path, charged)
    return {
      release() {
        if (lane === null) return
        const heldMs = performance.now() - since
        meanMs[lane] += LATEST * (Math.min(heldMs, lane === 'slow' ? HELD_MS : COUNTED_MAX_MS) - meanMs[lane])
        lanes.charge(path, heldMs - charged)
        held[lane]--
        const left = (byVendor.get(vendor) ?? 0) - 1
        if (left > 0) byVendor.set(vendor, left)
        else byVendor.delete(vendor)
        lane = null
        admitNext()
      },
      becomeSlow() {
        // One more than the slow lane allows: it has already started.
        if (lane !== 'quick' || held.slow > lanes.slowMax) return false
        held.quick--
        held.slow++
        lane = 'slow'
        admitNext()
        return true
      },
    }
  }

  function admitNext(): void {
    const isOpen = places - busyPlaces() >= refill
    for (let accepts = admissible({ isOpen }); accepts; accepts = admissible({ isOpen })) {
      const admit = lanes.shift(held.slow, accepts)
      if (!admit) return
      admit()
    }
  }

  const expectedMs = (entry: LaneEntry) =>
    ((lanes.ahead(entry) + 1) * meanMs[entry.lane]) / (entry.lane === 'slow' ? lanes.slowMax : places)

  return {
    isBusy: () => held.quick + held.slow > 0,
    isCrowded: () => lanes.waiting('quick') + lanes.waiting('slow') > 0,
    check(entry) {
      if (!isFree(entry) && expectedMs(entry) > HELD_MS) throw BUSY
    },
    acquire(applicant) {
      if (applicant.signal?.aborted) return Promise.reject(REQUEST_ABORTED)
      if (isFree(applicant)) return Promise.resolve(hold(applicant))
      if (expectedMs(applicant) > HELD_MS) return Promise.reject(BUSY)
      return new Promise((resolve, reject) => {
        const admit = () => {
          stopWaiting()
          resolve(hold(applicant))
        }
        const leave = (reason: AppError) => {
          stopWaiting()
          if (lanes.remove(applicant, admit)) reject(reason)
        }
        const onAbort = () => leave(REQUEST_ABORTED)
        const timer = setTimeout(() => leave(BUSY), WAIT_MAX_MS)
        const stopWaiting = () => {
          clearTimeout(timer)
          applicant.signal?.removeEventListener('abort', onAbort)
        }
        applicant.signal?.addEventListener('abort', onAbort, { once: true })
        lanes.push(applicant, admit)
        admitNext()
      })
    },
  }
}

/** Made once: there are hundreds a second in an overload, and taking the stack is a twentieth of the time of a refusal. */
const BUSY = new AppError('BUSY', 'Too many pictures are being made at the moment; try again in a few seconds.')
const REQUEST_ABORTED = new AppError('BUSY', 'The request for this picture was aborted.')
