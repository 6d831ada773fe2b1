import { createFairQueue } from './fair-queue.ts'

/**
 * A queue for a limited number of slots, in two lanes. The slow lane holds at most a quarter of the slots, so that quick work never waits
 * for minutes behind it; in each lane, vendors share fairly by their usage, and a vendor's clients share its part.
 */
export type Lane = 'quick' | 'slow'

/** An entry's flow, such as [vendor, client], and its lane. */
export interface LaneEntry {
  readonly path: readonly string[]
  readonly lane: Lane
}

export interface Lanes<T> {
  /** How many wait in both lanes, or in one. */
  waiting(lane?: Lane): number
  push(entry: LaneEntry, value: T): void
  /** Puts a value back at the front of its flow. */
  unshift(entry: LaneEntry, value: T): void
  /** Removes and returns the next value of an accepted vendor, given the number of slots that slow ones hold; undefined: none may go. */
  shift(slowBusy: number, accepts?: (vendor: string) => boolean): T | undefined
  /** Removes a value that no longer waits; false: it was not there. */
  remove(entry: LaneEntry, value: T): boolean
  /** Charges a flow for usage, in ms; a negative number corrects an estimate. */
  charge(path: readonly string[], ms: number): void
  /** How many would go before a newcomer in its lane. */
  ahead(entry: LaneEntry): number
  /** Whether anyone else than this vendor waits in the quick lane. */
  othersWait(vendor: string): boolean
  /** Slots that the slow lane may hold. */
  readonly slowMax: number
}

/** @param places the number of slots */
export function createLanes<T>(places: number): Lanes<T> {
  const lanes = { quick: createFairQueue<T>(), slow: createFairQueue<T>() }
  const slowMax = Math.max(1, Math.floor(places / 4))

  return {
    slowMax,
    waiting: (lane) => (lane ? lanes[lane].size : lanes.quick.size + lanes.slow.size),
    push: ({ path, lane }, value) => lanes[lane].push(path, value),
    unshift: ({ path, lane }, value) => lanes[lane].unshift(path, value),
    shift(slowBusy, accepts) {
      if (slowBusy >= slowMax) return lanes.quick.shift(accepts)
      // The lane whose next vendor has used less, as within a lane.
      const [first, second] =
        lanes.slow.least() < lanes.quick.least() ? [lanes.slow, lanes.quick] : [lanes.quick, lanes.slow]
      return first.shift(accepts) ?? second.shift(accepts)
    },
    remove: ({ path, lane }, value) => lanes[lane].remove(path, value),
    charge(path, ms) {
      lanes.quick.charge(path, ms)
      lanes.slow.charge(path, ms)
    },
    ahead: ({ path, lane }) => lanes[lane].ahead(path),
    othersWait: (vendor) => lanes.quick.size > lanes.quick.waitingOf(vendor),
  }
}
