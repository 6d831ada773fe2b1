import type { IncomingMessage } from 'node:http'
import { AppError } from '../core/errors.ts'

/** So many bytes must arrive in each so many ms. */
export interface LeastRate {
  readonly bytes: number
  readonly ms: number
}

/**
 * The body of a request, as long as it arrives at this rate; only the time is counted in which the sender is waited for. Throws
 * REQUEST_TIMEOUT, and leaves the request open so that it can be answered.
 */
export async function* atLeastRate(request: IncomingMessage, rate: LeastRate): AsyncIterable<Uint8Array> {
  const chunks = request.iterator({ destroyOnReturn: false })
  const gone = Promise.withResolvers<'gone'>()
  // One that was aborted before this began does not end its iterator.
  const checkGone = () => request.destroyed && !request.complete && gone.resolve('gone')
  checkGone()
  request.once('close', checkGone)
  let [bytes, waitedMs] = [0, 0]
  for (;;) {
    const since = performance.now()
    const next = chunks.next()
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => late.resolve('late'), Math.max(0, rate.ms - waitedMs))
    const arrived = await Promise.race([next, late.promise, gone.promise]).finally(() => clearTimeout(timer))
    if (arrived === 'late') {
      // It ends when the request does.
      next.catch(() => {})
      throw new AppError(
        'REQUEST_TIMEOUT',
        `Only ${bytes} bytes of the body arrived in ${rate.ms / 1000} s, and ${rate.bytes} are needed: send it again, faster.`,
      )
    }
    if (arrived === 'gone') {
      next.catch(() => {})
      throw new AppError('BAD_INPUT', 'The sender ended before the body had arrived: send it again.')
    }
    if (arrived.done) return
    waitedMs += performance.now() - since
    bytes += arrived.value.length
    if (bytes >= rate.bytes) [bytes, waitedMs] = [0, 0]
    yield arrived.value
  }
}
