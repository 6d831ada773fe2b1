import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { codeOf, isTimeout, TOO_MANY_CONNECTIONS } from './errors.ts'
import type { DatabaseHealth } from './health.ts'
import { statement } from './statement.ts'

/** How often the database is probed. */
const PROBE_EVERY_MS = 2000
/** Minimum delay between probes when statements fail, and between attempts to connect. */
const PAUSE_MS = 1000
const RECONNECT_MS = 50
/** If a trivial query is not answered in this time, the server hangs or the network is down; a busy server may take several seconds. */
const ANSWER_LIMIT_MS = 10_000

export interface Notification {
  readonly channel: string
  readonly payload: string
}

/** The process's only listening connection, which also monitors the database. */
export interface Monitor {
  /** Subscribes to Postgres notifications on the channels. */
  readonly onNotification: (listener: (notification: Notification) => void) => () => void
  /** Calls back after a reconnect: notifications may have been missed. */
  readonly onMissed: (listener: () => void) => () => void
  readonly close: () => Promise<void>
}

/** The beginning of the name of its session in pg_stat_activity. */
export const MONITOR_NAME = 'afterimage monitor'

/**
 * Listens on its own connection and probes the database through it. A single loop, so there is never more than one: it connects, probes
 * until the connection fails, and reconnects. Rejects if the first connection fails.
 * @param options.says the rest of the name of its session, by which other processes learn of this one
 */
export async function openMonitor(
  url: string,
  { channels, health, says }: { channels: readonly string[]; health: DatabaseHealth; says: string },
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
      application_name: `${MONITOR_NAME} ${says}`,
    })
    client.on('error', health.report).on('notification', ({ channel, payload = '' }) => {
      emitter.emit('notification', { channel, payload } satisfies Notification)
    })
    // A hanging statement would delay an orderly end.
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
        // A server without room for this connection may still serve those of the pool.
        if (codeOf(error) === TOO_MANY_CONNECTIONS) health.report(error)
        else if (!closing.signal.aborted) health.set('AWAY', error)
        await pause(PAUSE_MS)
      }
    }
  }

  /** Probes until the connection is lost, which is not an outage yet: reconnecting may succeed. Throws if a probe times out. */
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
