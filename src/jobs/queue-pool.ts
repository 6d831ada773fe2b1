import type { PoolClient } from 'pg'
import type { Pg } from '../db/database.ts'
import { isDatabaseUnavailable } from '../db/errors.ts'
import type { DatabaseHealth } from '../db/health.ts'
import type { Monitor, Notification } from '../db/monitor.ts'

/** What graphile-worker listens to: the process's one listening connection does it for all of its queues. */
export const QUEUE_CHANNELS = ['jobs:insert', 'worker:migrate']
/** The end of a job, which the library does not wait for: a rejection would end the process. */
const ENDS_JOB = /^(?:complete|fail)_job/

/**
 * The same connections for the queue, of which no statement fails because the database is in trouble: it waits until the
 * database takes it. Else an outage while a job ends leaves the end unsaid: an unhandled rejection, which takes the worker
 * down, or a job that is locked for hours by one that lives. test/long/database.test.ts has every kind of outage.
 * @param options.signal aborts what waits when the worker stops
 */
export function toQueuePool(
  pg: Pg,
  { health, monitor, signal }: { health: DatabaseHealth; monitor: Monitor; signal: AbortSignal },
): Pg {
  /** On any connection: of the library's statements none needs the one before, as its schema is migrated already. */
  async function query(...args: unknown[]): Promise<unknown> {
    for (;;) {
      try {
        return await (pg.query as (...args: unknown[]) => Promise<unknown>).apply(pg, args)
      } catch (error) {
        if (!isDatabaseUnavailable(error)) throw error
      }
      try {
        await health.whenWritable(signal)
      } catch (error) {
        // The job runs again elsewhere, once this worker is seen to be gone.
        if (ENDS_JOB.test(nameOf(args[0]))) return await new Promise(() => {})
        throw error
      }
    }
  }

  const client = { query, release: () => {} } as unknown as PoolClient
  const connect = (listen?: (error: undefined, client: PoolClient, release: () => void) => void) =>
    listen ? listen(undefined, listener(monitor), () => {}) : Promise.resolve(client)
  return new Proxy(pg, {
    get(target, key) {
      if (key === 'connect') return connect
      if (key === 'query') return query
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** What graphile-worker takes for a connection that listens. It never breaks: the monitor makes the real one again. */
function listener(monitor: Monitor): PoolClient {
  const stops = new Map<unknown, () => void>()
  const client = {
    on(event: string, listen: (notification: Notification) => void) {
      if (event === 'notification') stops.set(listen, monitor.onNotification(listen))
      return client
    },
    removeListener(_event: string, listen: unknown) {
      stops.get(listen)?.()
      return client
    },
    query: async () => {},
  }
  return client as unknown as PoolClient
}

const nameOf = (statement: unknown): string => (statement as { name?: string } | undefined)?.name ?? ''
