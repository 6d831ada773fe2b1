/** A vendor that holds every renderer while another one waits gives one of them back after so much CPU time, ms… */
export const TURN_MS = 250
/** …and leaves it to others for so long: one that falls idle for a moment is not taken again. */
const LEFT_TO_OTHERS_MS = 5000

export interface Turns {
  /** Whether any vendor leaves a renderer to others. */
  readonly any: boolean
  /** Whether this one does. */
  has(vendor: string): boolean
  /** From now on this one does, for a while. */
  end(vendor: string): void
}

/** Whose turn has ended lately. @param onAgain told when a vendor may take every renderer again */
export function createTurns(onAgain: () => void): Turns {
  const ended = new Map<string, NodeJS.Timeout>()
  return {
    get any() {
      return ended.size > 0
    },
    has: (vendor) => ended.has(vendor),
    end(vendor) {
      clearTimeout(ended.get(vendor))
      const timer = setTimeout(() => {
        ended.delete(vendor)
        onAgain()
      }, LEFT_TO_OTHERS_MS)
      ended.set(vendor, timer.unref())
    },
  }
}
