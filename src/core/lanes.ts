import { createFairQueue } from './fair-queue.ts'

/**
 * What waits for one of a few places, in two lanes. A slow one holds at most a quarter of the places, so that quick work never waits
 * for minutes behind it; in each lane vendors share fairly by what their work has used, and a vendor's clients share its part.
 */
export type Lane = 'quick' | 'slow'

/** Where one waits: the names of its flow, such as [vendor, client], and its lane. */
export interface LaneEntry {
  readonly path: readonly string[]
  readonly lane: Lane
}

export interface Lanes<T> {
  /** How many wait in both lanes, or in one. */
  waiting(lane?: Lane): number
  push(entry: LaneEntry, value: T): void
  /** Puts back what was taken out, before all of its flow. */
  unshift(entry: LaneEntry, value: T): void
  /** What goes next, of the vendors that it accepts, while so many slow ones hold places already; undefined: nothing that may. */
  shift(slowBusy: number, accepts?: (vendor: string) => boolean): T | undefined
  /** Takes out who gave up; false: it was not there. */
  remove(entry: LaneEntry, value: T): boolean
  /** Says what a flow has used, in ms; less than nothing corrects a guess. */
  charge(path: readonly string[], ms: number): void
  /** How many would go before a newcomer in its lane. */
  ahead(entry: LaneEntry): number
  /** Whether anyone waits in the quick lane who is not of this vendor. */
  othersWait(vendor: string): boolean
  /** Places that the slow lane may hold. */
  readonly slowMax: number
}

/** @param places how many hold one at once */
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
      // Whose vendor has used less, as within a lane.
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
