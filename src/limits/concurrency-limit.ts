import { AppError } from '../core/errors.ts'

/** How many of something a client, and all clients together, may have open at once in this process. */
export interface ConcurrencyLimit {
  /** Takes a place until the returned function is called, which may be called again. Throws RATE_LIMITED if there is none. */
  readonly acquire: (client: string) => () => void
}

/** A place becomes free when another request ends, which nobody can foresee. */
const RETRY_AFTER_S = 10

/** @param options.what in the plural, in the words of the sentence that refuses one more */
export function openConcurrencyLimit(options: { what: string; perClient: number; total: number }): ConcurrencyLimit {
  const { what, perClient, total } = options
  const open = new Map<string, number>()
  let openInAll = 0

  return {
    acquire(client) {
      const count = open.get(client) ?? 0
      if (count >= perClient) throw full(`Your token or address has ${count} ${what} open, which is the limit`)
      if (openInAll >= total) throw full(`This server has ${openInAll} ${what} open, which is the limit`)
      open.set(client, count + 1)
      openInAll++
      let isOpen = true
      return () => {
        if (!isOpen) return
        isOpen = false
        openInAll--
        const left = (open.get(client) ?? 1) - 1
        if (left > 0) open.set(client, left)
        else open.delete(client)
      }
    },
  }
}

const full = (sentence: string) =>
  new AppError('RATE_LIMITED', `${sentence}: close one, or try again in ${RETRY_AFTER_S} s.`, {
    retryAfterS: RETRY_AFTER_S,
  })
