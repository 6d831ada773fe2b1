import { Socket } from 'node:net'
import pg from 'pg'
import { codeOf, isServerTrouble, TOO_MANY_CONNECTIONS, toDatabaseError, unavailable } from './errors.ts'
import type { DatabaseHealth } from './health.ts'

/** A connection must be there within this time, made or given back. */
const CONNECT_MS = 10_000
/** Kept open when nobody uses them: with a full server they are what is left to serve with. */
const IDLE_MIN = 2
/** How long the pool stays at what it has after the server refused another connection. */
const SHRUNK_MS = 2000

type Callback = (error: Error | undefined, client: pg.PoolClient | undefined, release: pg.PoolClient['release']) => void

/**
 * A pool of which every error is one of errors.ts. It fails at once while the database is AWAY, and cuts what hangs when it
 * goes AWAY. With a server that has no room for more connections it serves with those that it has.
 */
export function openPool(url: string, options: { connectionsMax: number; health: DatabaseHealth }): pg.Pool {
  const { connectionsMax, health } = options
  const sockets = new Set<Socket>()
  let timer: NodeJS.Timeout | undefined

  class Client extends pg.Client {
    /** As pg's own, with errors of errors.ts. */
    override query(...args: unknown[]): never {
      const query = super.query as (...args: unknown[]) => unknown
      const callback = args.at(-1)
      if (typeof callback === 'function')
        return query.call(this, ...args.slice(0, -1), (error: unknown, result: unknown) =>
          callback(error && failed(error), result),
        ) as never
      const result = query.call(this, ...args)
      return (result instanceof Promise ? result.catch(fail) : result) as never
    }
  }

  class Pool extends pg.Pool {
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
      const giveUpAt = Date.now() + CONNECT_MS
      for (;;) {
        if (health.state === 'AWAY') throw unavailable(health.cause)
        try {
          return await this.#unlessAway(super.connect())
        } catch (error) {
          if (codeOf(error) === TOO_MANY_CONNECTIONS) health.report(error)
          if (codeOf(error) !== TOO_MANY_CONNECTIONS || this.totalCount === 0 || Date.now() > giveUpAt)
            throw failed(error)
          this.#shrink()
        }
      }
    }

    /** Nobody waits for a database that has gone AWAY meanwhile. */
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

    /** Whoever wants a connection waits for one of those that there are. */
    #shrink(): void {
      this.options.max = Math.max(1, this.totalCount)
      clearTimeout(timer)
      timer = setTimeout(() => {
        this.options.max = connectionsMax
      }, SHRUNK_MS).unref()
    }
  }

  function failed(error: unknown): unknown {
    if (isServerTrouble(error)) health.report(error)
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
    stream: () => {
      const socket = new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    },
  })
  // A connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', health.report)
  pool.on('connect', (client) => client.on('error', health.report))
  health.onAway(() => {
    for (const socket of sockets) socket.destroy(new Error('Connection terminated: the database is away'))
  })
  return pool
}
