import type { PoolClient } from 'pg'
import type { Pg } from '../db/database.ts'
import { isDatabaseUnavailable } from '../db/errors.ts'
import type { DatabaseHealth } from '../db/health.ts'
import type { Monitor, Notification } from '../db/monitor.ts'

/** The channels that graphile-worker listens to: the process's one listening connection serves all of its queues. */
export const QUEUE_CHANNELS = ['jobs:insert', 'worker:migrate']
/** Statements that end a job. The library does not await them: a rejection would end the process. */
const ENDS_JOB = /^(?:complete|fail)_job/

/**
 * Wraps the connections for the queue so that no statement fails while the database is unavailable: it waits until the database recovers.
 * Otherwise a job that ends during an outage would cause an unhandled rejection, which ends the worker, or stay locked for hours by a
 * live worker. test/long/database.test.ts covers every kind of outage.
 * @param options.signal aborts waiting statements when the worker stops
 */
export function toQueuePool(
  pg: Pg,
  { health, monitor, signal }: { health: DatabaseHealth; monitor: Monitor; signal: AbortSignal },
): Pg {
  /** Any connection will do: the library's statements are independent of each other, and its schema is already migrated. */
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
        // The job runs again elsewhere, once this worker is known to be gone.
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

/** What graphile-worker uses as its listening connection. It never breaks: the monitor reconnects the real one. */
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
