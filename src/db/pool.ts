import { Socket } from 'node:net'
import pg from 'pg'
import { dbWaitSeconds } from '../telemetry/metrics.ts'
import { codeOf, isServerFault, TOO_MANY_CONNECTIONS, toDatabaseError, unavailable } from './errors.ts'
import type { DatabaseHealth } from './health.ts'
import { statement } from './statement.ts'

/** Time limit for getting a connection, new or from the pool. */
const CONNECT_MS = 10_000
/** Idle connections to keep open: if the server is out of connections, these remain usable. */
const IDLE_MIN = 4
/** How often a shrunken pool checks whether the server has room for more connections. */
const ROOM_EVERY_MS = 2000

/** How many connections of each pool hold locks for work that needs another one: see locks.ts. */
export const lockHolders = new WeakMap<pg.Pool, number>()

type Query = (...args: unknown[]) => unknown
type Callback = (error: Error | undefined, client: pg.PoolClient | undefined, release: pg.PoolClient['release']) => void

/**
 * A pool whose errors are all those of errors.ts. It fails fast while the database is AWAY, and closes hanging connections when it goes
 * AWAY. If the server is out of connections, it works with those that it has.
 * @param options.settings of each session
 */
export function openPool(
  url: string,
  options: { connectionsMax: number; health: DatabaseHealth; settings?: Readonly<Record<string, string>> },
): pg.Pool {
  const { connectionsMax, health, settings } = options
  const sockets = new Set<Socket>()
  let timer: NodeJS.Timeout | undefined

  class Client extends pg.Client {
    override query(...args: unknown[]): never {
      return withDatabaseErrors(args, (own) => (super.query as Query).apply(this, own))
    }
  }

  class Pool extends pg.Pool {
    override query(...args: unknown[]): never {
      return withDatabaseErrors(args, (own) => (super.query as Query).apply(this, own))
    }

    override connect(): Promise<pg.PoolClient>
    override connect(callback: Callback): void
    override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
      const connected = this.#connect()
      if (!callback) return connected
      connected.then(
        (client) => callback(undefined, client, client.release),
        (error) => callback(error, undefined, () => {}),
      )
      return undefined
    }

    async #connect(): Promise<pg.PoolClient> {
      const from = performance.now()
      const deadline = performance.now() + CONNECT_MS
      for (;;) {
        if (health.state === 'AWAY') throw unavailable(health.cause)
        try {
          // An idle connection takes no waiting; the race would cost every statement a tenth of its time.
          const client = await (this.idleCount > 0 ? super.connect() : this.#unlessAway(super.connect()))
          dbWaitSeconds.observe({}, (performance.now() - from) / 1000)
          return client
        } catch (error) {
          // If locks hold all connections, one of them must fail, or they wait for each other.
          const canWait = this.totalCount > (lockHolders.get(this) ?? 0) && performance.now() < deadline
          if (codeOf(error) !== TOO_MANY_CONNECTIONS || !canWait) throw failed(error)
          health.report(error)
          this.#shrink()
        }
      }
    }

    /** Stops waiting when the database goes AWAY. */
    async #unlessAway(connecting: Promise<pg.PoolClient>): Promise<pg.PoolClient> {
      const away = Promise.withResolvers<never>()
      const stop = health.onAway((cause) => {
        away.reject(unavailable(cause))
        connecting.then(
          (client) => client.release(true),
          () => {},
        )
      })
      return await Promise.race([connecting, away.promise]).finally(stop)
    }

    /** Limits the pool to its current connections until the server has room for more. */
    #shrink(): void {
      this.options.max = Math.max(1, this.totalCount)
      timer ??= setInterval(() => void this.#growIfThereIsRoom(), ROOM_EVERY_MS).unref()
    }

    async #growIfThereIsRoom(): Promise<void> {
      if (!(this.ended || (await hasRoom()))) return
      this.options.max = connectionsMax
      clearInterval(timer)
      timer = undefined
    }
  }

  async function hasRoom(): Promise<boolean> {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
    client.on('error', health.report)
    try {
      await client.connect()
      return true
    } catch (error) {
      health.report(error)
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }

  /** Runs a statement of pg or its pool, with a promise or a callback, and converts its errors. */
  function withDatabaseErrors(args: unknown[], query: (args: unknown[]) => unknown): never {
    const callback = args.at(-1)
    if (typeof callback === 'function')
      return query([
        ...args.slice(0, -1),
        (error: unknown, result: unknown) => callback(error && failed(error), result),
      ]) as never
    const result = query(args)
    return (result instanceof Promise ? result.catch(fail) : result) as never
  }

  function failed(error: unknown): unknown {
    if (isServerFault(error)) health.report(error)
    return toDatabaseError(error)
  }
  const fail = (error: unknown): never => {
    throw failed(error)
  }

  const pool = new Pool({
    connectionString: url,
    Client,
    max: connectionsMax,
    min: Math.min(IDLE_MIN, connectionsMax),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'afterimage',
    // pg-pool waits for it, though its types do not say so.
    // oxlint-disable-next-line typescript/no-misused-promises
    onConnect: async (client) => {
      if (settings) await SET.run(client, { names: Object.keys(settings), values: Object.values(settings) })
    },
    stream: () => {
      const socket = new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    },
  })
  // The pool replaces a broken connection; without a listener its error would end the process.
  pool.on('error', health.report)
  pool.on('connect', (client) => client.on('error', health.report))
  health.onAway(() => {
    for (const socket of sockets) socket.destroy(new Error('Connection terminated: the database is away'))
  })
  return pool
}

/** Opens all connections of a small pool, which keeps them: later, the server may have no room for more. Never throws. */
export async function openAll(pool: pg.Pool): Promise<void> {
  const opened = await Promise.allSettled(Array.from({ length: pool.options.max }, () => pool.connect()))
  for (const each of opened) if (each.status === 'fulfilled') each.value.release()
}

const SET = statement({
  name: 'set-session',
  text: 'select set_config(t.name, t.value, false) as value from unnest(:names::text[], :values::text[]) as t(name, value)',
  parameters: { names: 'text[]', values: 'text[]' },
  columns: { value: 'text' },
})
