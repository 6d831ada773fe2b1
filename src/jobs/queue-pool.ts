import type { Pg } from '../db/database.ts'

/** With this code graphile-worker retries a statement, from 3 s to 2 minutes later: RETRYABLE_ERROR_CODES in its lib.js. */
const REPEATED = 'ETIMEDOUT'
/** A server that was stopped (57P01) or crashed (57P02), and socket errors. */
const LOST = new Set(['57P01', '57P02', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

/**
 * The same connections for the queue: a lost one is an error that it retries. Otherwise the end of a job is lost when Postgres
 * restarts at that moment: an unhandled rejection, which ends the worker, or a job that stays locked for hours by a live one.
 * test/chaos.test.ts restarts it.
 */
export const toQueuePool = (pg: Pg): Pg =>
  around(pg, 'connect', async (listen?: Parameters<Pg['connect']>[0]) => {
    // Used by its listener, which reconnects by itself.
    if (listen) return pg.connect(listen)
    const client = await pg.connect().catch(fail)
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
    return around(client, 'query', (...args: unknown[]) => query(...args).catch(fail))
  })

/** A proxy of an object that replaces one of its functions. */
const around = <T extends object>(target: T, name: keyof T, replacement: unknown): T =>
  new Proxy(target, {
    get(_target, key) {
      if (key === name) return replacement
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

function fail(error: Error & { code?: string }): never {
  const isLost = error.code ? LOST.has(error.code) : /connection (terminated|error)/i.test(error.message)
  throw isLost ? Object.assign(error, { code: REPEATED }) : error
}
