import { setTimeout as delay } from 'node:timers/promises'
import type { Pg } from '../db/database.ts'
import { type Located, locateVariants, type Wanted } from './locate.ts'

/** Requests that share a look-up. */
const BATCH = 100
/**
 * Time from one look-up to the next while viewers wait for their turn, so that a quicker look-up would save nobody time. Sending a statement
 * takes 0.2 ms of a loaded machine, as long as all else that a refusal takes: at 900 requests a second, each would have a statement of its own.
 */
const COLLECT_MS = 4

/**
 * Batches look-ups: a request while nothing is looked up is looked up at once, and what arrives meanwhile shares the next statement. At ten times
 * the sustainable load, a look-up for each request would take more time than available, and most of those requests are refused anyway.
 * @param options.isCrowded whether viewers wait for their turn: only then do look-ups wait for more requests
 */
export function openLocator(
  pg: Pg,
  { isCrowded }: { isCrowded: () => boolean },
): (wanted: Wanted) => Promise<Located | null> {
  let queue: Request[] = []
  let isRunning = false

  async function run(): Promise<void> {
    isRunning = true
    while (queue.length > 0) {
      const from = performance.now()
      const requests = queue
      queue = []
      const batches = Array.from({ length: Math.ceil(requests.length / BATCH) }, (_, index) =>
        requests.slice(index * BATCH, (index + 1) * BATCH),
      )
      await Promise.all(batches.map(lookUp))
      const leftMs = COLLECT_MS - (performance.now() - from)
      if (queue.length > 0 && leftMs > 0 && isCrowded()) await delay(leftMs)
    }
    isRunning = false
  }

  async function lookUp(batch: readonly Request[]): Promise<void> {
    try {
      const found = await locateVariants(
        pg,
        batch.map(({ wanted }) => wanted),
      )
      for (const [index, { resolve }] of batch.entries()) resolve(found[index] ?? null)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return (wanted) =>
    new Promise((resolve, reject) => {
      queue.push({ wanted, resolve, reject })
      if (!isRunning) void run()
    })
}

interface Request {
  readonly wanted: Wanted
  readonly resolve: (located: Located | null) => void
  readonly reject: (error: unknown) => void
}
