import { setTimeout as delay } from 'node:timers/promises'
import { s3Requests, s3Seconds } from '../telemetry/metrics.ts'
import { failureOf, isRetryable, resultOf } from './s3-errors.ts'

/** Time limit of one attempt, from connecting to the last byte. Objects are small: a source has at most 5 MB. */
const TRY_MS = 8000
/** Time limit of all attempts of an operation, including the wait for a connection: well below the origin handler's. */
const OPERATION_MS = 12_000
/** With one attempt in seven failing, six in a row fail once in 100,000 operations. */
const TRIES_MAX = 6
/**
 * Upper bound of the first delay; it doubles each time. The delay is random below it (full jitter), so that the retries of many requests
 * spread out.
 */
const PAUSE_MS = 100

export type TryRepeatedly = <T>(verb: string, key: string, work: (signal: AbortSignal) => Promise<T>) => Promise<T>

/**
 * Retries transient failures with exponential backoff, within one time limit for all attempts; client errors are not retried. Throws
 * UNAVAILABLE that names bucket, key and remedy.
 * @param options.atOnce concurrent attempts; further ones are queued
 */
export function openTries(options: { atOnce: number; bucket: string; variable: string }): TryRepeatedly {
  const limited = openLimiter(options.atOnce)
  const store = options.variable === 'ORIGINALS_BUCKET' ? 'originals' : 'previews'

  async function measure<T>(op: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now()
    let result = 'error'
    try {
      const value = await work()
      result = value === null ? 'absent' : 'ok'
      return value
    } catch (error) {
      result = resultOf(error)
      throw error
    } finally {
      s3Requests.inc({ store, op, result })
      s3Seconds.observe({ op }, (performance.now() - from) / 1000)
    }
  }

  return async function tryRepeatedly(verb, key, work) {
    const deadline = performance.now() + OPERATION_MS
    for (let tries = 1; ; tries++) {
      try {
        return await limited(async () => {
          const remainingMs = deadline - performance.now()
          if (remainingMs <= 0) throw new Error(`no connection was free for ${OPERATION_MS} ms`)
          return await measure(verb, () => work(AbortSignal.timeout(Math.ceil(Math.min(TRY_MS, remainingMs)))))
        })
      } catch (error) {
        const pauseMs = Math.random() * PAUSE_MS * 2 ** (tries - 1)
        if (!isRetryable(error) || tries === TRIES_MAX || performance.now() + pauseMs >= deadline)
          throw failureOf(error, { verb, key, ...options })
        await delay(pauseMs)
      }
    }
  }
}

/**
 * Runs at most `size` functions at once, the others in FIFO order. The HTTP agent's own queue is unsuitable: a request's time-outs, such
 * as the SDK's for connecting, run while it waits there.
 */
function openLimiter(size: number) {
  let free = size
  const queue: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else free++
    }
  }
}
