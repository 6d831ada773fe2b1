import type { Pg } from '../db/database.ts'

/** With this code graphile-worker repeats a statement, from 3 s to 2 minutes later: RETRYABLE_ERROR_CODES in its lib.js. */
const REPEATED = 'ETIMEDOUT'
/** A server that was stopped (57P01) or crashed (57P02), and what sockets say. */
const LOST = new Set(['57P01', '57P02', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

/**
 * The same connections for the queue: a lost one is an error that it repeats. Else a Postgres that restarts while a job ends
 * leaves the end unsaid: an unhandled rejection, which takes the worker down, or a job that is locked for hours by one
 * that lives. test/chaos.test.ts restarts it.
 */
export const toQueuePool = (pg: Pg): Pg =>
  around(pg, 'connect', async (listen?: Parameters<Pg['connect']>[0]) => {
    // As its listener connects, which comes back by itself.
    if (listen) return pg.connect(listen)
    const client = await pg.connect().catch(fail)
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
    return around(client, 'query', (...args: unknown[]) => query(...args).catch(fail))
  })

/** An object as it is, but for one of its functions. */
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
