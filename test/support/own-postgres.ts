import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startPostgres } from '../../src/embedded/postgres.ts'

/** A Postgres for the test, which it may damage. */
export interface OwnPostgres extends AsyncDisposable {
  /** Of a role that is not a superuser and owns its database, so that limits apply to it. Unchanged after a restart. */
  readonly url: string
  /** Away: connections break, new ones are refused. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  /** None of its processes runs; connections stay open, and the kernel accepts new ones. */
  readonly freeze: () => Promise<void>
  readonly thaw: () => Promise<void>
  /** Runs SQL as superuser. */
  readonly run: <Row extends pg.QueryResultRow>(sql: string) => Promise<Row[]>
  /** As after a fail-over: reads work, writes do not, on existing connections too. */
  readonly setReadOnly: (isOn: boolean) => Promise<void>
  /** Connection limit of the role; null: none. Existing ones stay. */
  readonly limitConnections: (limit: number | null) => Promise<void>
  /** The number of the service's listening connections. */
  readonly countListening: () => Promise<number>
}

export async function openOwnPostgres(): Promise<OwnPostgres> {
  await using opening = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'afterimage-own-postgres-'))
  opening.defer(() => rm(directory, { recursive: true, force: true }))
  let postgres: EmbeddedPostgres = await startPostgres(directory)
  opening.defer(() => postgres.close())
  opening.defer(() => signalAll(directory, 'SIGCONT'))
  const proxy = await openProxy(() => Number(new URL(postgres.url).port))
  opening.defer(proxy.close)

  const run: OwnPostgres['run'] = async (sql) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', postgres.adminUrl).href })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  const setReadOnly = async (isOn: boolean) => {
    await run(`alter system set default_transaction_read_only = ${isOn ? 'on' : 'off'}`)
    await run('select pg_reload_conf()')
  }
  await run(`create role service login password 'service'`)
  await run('create database service owner service')

  const owner = opening.move()
  return {
    url: `postgres://service:service@127.0.0.1:${proxy.port}/service`,
    async stop() {
      await proxy.close()
      await postgres.close()
    },
    async start() {
      postgres = await startPostgres(directory)
      await proxy.open()
    },
    freeze: () => signalAll(directory, 'SIGSTOP'),
    thaw: () => signalAll(directory, 'SIGCONT'),
    run,
    setReadOnly,
    limitConnections: async (limit) => {
      await run(`alter role service connection limit ${limit ?? -1}`)
    },
    countListening: async () => {
      const rows = await run(
        `select from pg_stat_activity where application_name like 'afterimage monitor%' or application_name = 'afterimage events'`,
      )
      return rows.length
    },
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  }
}

/** Sends a signal to Postgres's main process and all of its children. */
async function signalAll(directory: string, signal: NodeJS.Signals): Promise<void> {
  const text = await readFile(path.join(directory, 'data/postmaster.pid'), 'utf8').catch(() => '')
  const first = Number(text.split('\n')[0])
  if (!first) return
  const children = (await readFile(`/proc/${first}/task/${first}/children`, 'utf8')).trim().split(' ').filter(Boolean)
  for (const pid of [first, ...children.map(Number)])
    try {
      process.kill(pid, signal)
    } catch {
      // It has exited meanwhile.
    }
}

/** A port that stays the same whatever port Postgres has after its restart; when closed, it refuses connections. */
async function openProxy(
  target: () => number,
): Promise<{ port: number; open: () => Promise<void>; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  let server: Server | null = null
  async function open(port: number): Promise<number> {
    server = createServer((client) => {
      const upstream = connect(target(), '127.0.0.1')
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket)
        socket.on('error', () => other.destroy()).on('close', () => sockets.delete(socket) && other.destroy())
        socket.pipe(other)
      }
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await open(0)
  return {
    port,
    open: async () => {
      await open(port)
    },
    async close() {
      if (!server?.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
