import type { LaneEntry } from './lanes.ts'

/** A source that once took longer than this is slow, ms of CPU. */
export const SLOW_MS = 2000
/** A vendor whose recent sources took longer on average is expected to send slow ones. */
const SLOW_VENDOR_MS = 1000
/** Only quicker work has another handed over behind it: what waits in the renderer itself cannot go elsewhere. */
const QUICK_MS = 100
/** Weight of the latest render in the mean. */
const LATEST = 0.2
const VENDORS_MAX = 10_000

export interface VendorCosts {
  record(vendor: string, cpuMs: number): void
  /** ms of CPU that its next render is expected to take; null if unknown. */
  expect(vendor: string): number | null
  isSlow(vendor: string): boolean
  /** Whether what is at work there is expected to end at once. */
  isQuick(entry: LaneEntry | undefined): boolean
}

/**
 * The recent cost of each vendor's renders, in this process: new files of a vendor with slow ones are treated as slow until one proves
 * otherwise.
 */
export function createVendorCosts(): VendorCosts {
  const means = new Map<string, number>()
  return {
    record(vendor, cpuMs) {
      const mean = means.get(vendor) ?? cpuMs
      means.delete(vendor)
      means.set(vendor, mean + LATEST * (cpuMs - mean))
      const [oldest] = means.keys()
      if (means.size > VENDORS_MAX && oldest !== undefined) means.delete(oldest)
    },
    expect: (vendor) => means.get(vendor) ?? null,
    isQuick: (entry) => entry?.lane === 'quick' && (means.get(entry.path[0] ?? '') ?? QUICK_MS) < QUICK_MS,
    isSlow: (vendor) => (means.get(vendor) ?? 0) > SLOW_VENDOR_MS,
  }
}
