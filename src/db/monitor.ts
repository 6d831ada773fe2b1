import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { codeOf, isTimeout, TOO_MANY_CONNECTIONS } from './errors.ts'
import type { DatabaseHealth } from './health.ts'
import { statement } from './statement.ts'

/** How often the database is asked whether it is there. */
const PROBE_EVERY_MS = 2000
/** Also when statements fail, not more often than so; and between two tries to connect. */
const PAUSE_MS = 1000
const RECONNECT_MS = 50
/** What does not answer a trifle within this time is frozen, or the way to it is cut; a busy server may well take some seconds. */
const ANSWER_LIMIT_MS = 10_000

export interface Notification {
  readonly channel: string
  readonly payload: string
}

/** The one connection of a process that listens, and by which it knows how its database is. */
export interface Monitor {
  /** What Postgres tells all processes on the channels. */
  readonly onNotification: (listener: (notification: Notification) => void) => () => void
  /** Calls back after a reconnect: something may have been told meanwhile, so look. */
  readonly onMissed: (listener: () => void) => () => void
  readonly close: () => Promise<void>
}

/**
 * Listens on a connection of its own and probes the database by it. One loop, so there is never more than one: it connects,
 * probes until the connection fails, and connects again. Rejects when the first connection cannot be made.
 */
export async function openMonitor(
  url: string,
  { channels, health }: { channels: readonly string[]; health: DatabaseHealth },
): Promise<Monitor> {
  const emitter = new EventEmitter().setMaxListeners(0)
  const closing = new AbortController()
  const pause = (ms: number) => delay(ms, undefined, { signal: closing.signal }).catch(() => {})
  const first = await connect()
  const watching = watch(first)

  async function connect(): Promise<Connection> {
    const client = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
      application_name: 'afterimage monitor',
    })
    client.on('error', health.report).on('notification', ({ channel, payload = '' }) => {
      emitter.emit('notification', { channel, payload } satisfies Notification)
    })
    // A statement that hangs would keep an orderly end waiting.
    const close = () => client.end().catch(() => {})
    try {
      await client.connect()
      await client.query(channels.map((channel) => `listen ${pg.escapeIdentifier(channel)}`).join(';'))
      return { client, [Symbol.asyncDispose]: close }
    } catch (error) {
      void close()
      throw error
    }
  }

  async function watch(connected: Connection): Promise<void> {
    for (let next: Connection | null = connected; !closing.signal.aborted; next = null) {
      try {
        await using connection = next ?? (await connect())
        if (!next) emitter.emit('missed')
        await probe(connection)
        await pause(RECONNECT_MS)
      } catch (error) {
        // A server that has no room for this connection may still serve those of the pool.
        if (codeOf(error) === TOO_MANY_CONNECTIONS) health.report(error)
        else if (!closing.signal.aborted) health.set('AWAY', error)
        await pause(PAUSE_MS)
      }
    }
  }

  /** Until the connection is lost, which is no outage yet: the next one may be made. Throws when there is no answer in time. */
  async function probe({ client }: Connection): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        if ((await PROBE.get(client))?.readOnly) health.set('READ_ONLY', REFUSES_WRITES)
        else health.set('UP')
      } catch (error) {
        if (isTimeout(error)) throw error
        return health.report(error)
      }
      await pause(PAUSE_MS)
      const look = AbortSignal.any([closing.signal, AbortSignal.timeout(PROBE_EVERY_MS - PAUSE_MS)])
      await health.whenReported(look).catch(() => {})
    }
  }

  const listening =
    <Args extends unknown[]>(event: string) =>
    (listener: (...args: Args) => void) => {
      emitter.on(event, listener)
      return () => void emitter.off(event, listener)
    }
  return {
    onNotification: listening<[Notification]>('notification'),
    onMissed: listening<[]>('missed'),
    async close() {
      closing.abort()
      await watching
    },
  }
}

interface Connection extends AsyncDisposable {
  readonly client: pg.Client
}

const PROBE = statement({
  name: 'probe',
  text: `select current_setting('transaction_read_only')::bool as "readOnly"`,
  columns: { readOnly: 'bool' },
})
const REFUSES_WRITES = new Error('it refuses writes: a standby, or default_transaction_read_only is on')
