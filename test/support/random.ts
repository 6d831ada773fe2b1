/** The seed of a run's random numbers and properties: printed at its start (servers.ts), so that TEST_SEED=N repeats a failed run. */
export const seed = () => Number(process.env.TEST_SEED)

/** Random numbers from 0 to 1, determined by the run's seed. The generator is Mulberry32 (https://github.com/cprosche/mulberry32). */
export function seededRandom(): () => number {
  let state = seed()
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
