import { setTimeout as delay } from 'node:timers/promises'
import { canPass, failureOf } from './s3-errors.ts'

/** One try, from connecting to the last byte. Objects are small: a source has at most 5 MB. */
const TRY_MS = 8000
/** All tries of one operation, waiting for a connection included: well below what the origin handler may take. */
const OPERATION_MS = 12_000
/** With one try in seven failing, six in a row fail once in 100,000 operations. */
const TRIES_MAX = 6
/** Upper bound of the first pause; each next one doubles it. The pause is drawn evenly below it, so that crowds spread. */
const PAUSE_MS = 100

export type TryRepeatedly = <T>(verb: string, key: string, work: (signal: AbortSignal) => Promise<T>) => Promise<T>

/**
 * Repeats what failed and may pass, with growing pauses, within one time for all tries; what was refused it does not
 * repeat. Throws UNAVAILABLE that names bucket, key and remedy.
 * @param options.atOnce tries at the same time; the others wait for their turn
 */
export function openTries(options: { atOnce: number; bucket: string; variable: string }): TryRepeatedly {
  const inTurn = openTurns(options.atOnce)

  return async function tryRepeatedly(verb, key, work) {
    const giveUpAt = Date.now() + OPERATION_MS
    for (let tries = 1; ; tries++) {
      try {
        return await inTurn(async () => {
          const restMs = giveUpAt - Date.now()
          if (restMs <= 0) throw new Error(`no connection was free for ${OPERATION_MS} ms`)
          return await work(AbortSignal.timeout(Math.min(TRY_MS, restMs)))
        })
      } catch (error) {
        const pauseMs = Math.random() * PAUSE_MS * 2 ** (tries - 1)
        if (!canPass(error) || tries === TRIES_MAX || Date.now() + pauseMs >= giveUpAt)
          throw failureOf(error, { verb, key, ...options })
        await delay(pauseMs)
      }
    }
  }
}

/**
 * Runs at most `size` pieces of work at once, the others in the order they came. The agent's own line would not do: the
 * clocks of a request, the SDK's for connecting among them, run while it waits there.
 */
function openTurns(size: number) {
  let free = size
  const line: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => line.push(resolve))
    try {
      return await work()
    } finally {
      const next = line.shift()
      if (next) next()
      else free++
    }
  }
}
