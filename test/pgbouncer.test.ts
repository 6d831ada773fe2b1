import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openApp } from '../src/app.ts'
import { openDatabase } from '../src/db/database.ts'
import { checkSession, type Session } from '../src/db/session.ts'
import { testDatabase } from './support/database.ts'
import { tempDirectory, testConfig } from './support/setup.ts'
import { until } from './support/until.ts'

const PGBOUNCER = ['pgbouncer', '/usr/sbin/pgbouncer'].find((file) => spawnSync(file, ['-V']).status === 0) ?? null
/** nobody: it refuses to run as root. */
const UID = process.getuid?.() === 0 ? 65534 : undefined

/** Starts a real one in front of a database. Returns the URL of the database through it. */
async function openPgBouncer(at: string, mode: string, { roundRobin = 0 } = {}): Promise<string> {
  const database = new URL(at)
  const directory = await tempDirectory()
  const port = await freePort()
  const file = path.join(directory, 'pgbouncer.ini')
  const { hostname, username, password, pathname } = database
  await writeFile(
    file,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${database.port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
server_round_robin = ${roundRobin}
`,
  )
  if (UID) for (const mine of [directory, file]) await chown(mine, UID, UID)
  const child = spawn(PGBOUNCER ?? '', [file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(UID ? { uid: UID, gid: UID } : {}),
  })
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  await until(() => {
    if (child.exitCode !== null) throw new Error(said)
    return said.includes('process up')
  })
  const url = new URL(database)
  url.port = String(port)
  return url.href
}

/** Leaves this many idle sessions in the pooler to choose from. */
async function warm(url: string, sessions: number): Promise<void> {
  const clients = Array.from({ length: sessions }, () => new pg.Client({ connectionString: url }))
  for (const client of clients) await client.connect()
  await Promise.all(clients.map((client) => client.query('select pg_sleep(0.1)')))
  for (const client of clients) await client.end()
}

/** Simulates a pooler: real sessions, of which the next free one runs a transaction. */
async function openStandIn(url: string, sessions: number): Promise<() => Promise<Session>> {
  const free = await Promise.all(
    Array.from({ length: sessions }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      onTestFinished(() => client.end())
      return client
    }),
  )
  const process = async (client: pg.Client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid
  const take = () => free.shift() as pg.Client
  return async () => {
    let held: pg.Client | null = null
    return {
      announced: -1,
      async process() {
        const client = take()
        return await process(client).finally(() => free.push(client))
      },
      async begin() {
        held = take()
        return await process(held)
      },
      async end() {
        if (held) free.push(held)
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }
}

const REFUSED = {
  code: 'CONFIG',
  message: expect.stringMatching(/PgBouncer.*pool_mode = session.*DATABASE_CONNECTIONS/),
}

it('a server that shares sessions is refused with the remedy, however many it has', async () => {
  const database = await testDatabase()
  for (const sessions of [2, 3, 5]) {
    const open = await openStandIn(database, sessions)
    await expect(checkSession('', open)).rejects.toMatchObject(REFUSED)
  }
})

/** Postgres itself, or PgBouncer before it: one that gives each connection a session of its own is none to us. */
async function expectNotifications(url: string) {
  const app = await openApp(await testConfig({ DATABASE_URL: url }))
  onTestFinished(app.close)
  const stop = new AbortController()
  const followed = app.events.follow('afterimage_backfill', '7', stop.signal)[Symbol.asyncIterator]()
  const first = followed.next()
  await app.pg.query(`select pg_notify('afterimage_backfill', '7')`)
  expect(await first).toEqual({ done: false, value: undefined })
  stop.abort()
}

it('Postgres itself is none', async () => expectNotifications(await testDatabase()))

// .ci/run installs it; elsewhere the report counts these as skipped.
describe.runIf(PGBOUNCER)('PgBouncer', () => {
  it('is refused with the remedy in a mode that shares sessions, however many it has', async () => {
    const database = await testDatabase()
    for (const [mode, roundRobin, sessions] of [
      ['transaction', 0, 0],
      ['transaction', 0, 4],
      ['transaction', 1, 2],
      ['transaction', 1, 3],
      ['statement', 0, 2],
    ] as const) {
      const url = await openPgBouncer(database, mode, { roundRobin })
      if (sessions > 0) await warm(url, sessions)
      await expect(openDatabase(url, { connectionsMax: 2 }), `${mode} ${roundRobin} ${sessions}`).rejects.toMatchObject(
        REFUSED,
      )
    }
  })

  it('is taken in a mode that gives each connection a session of its own', async () =>
    expectNotifications(await openPgBouncer(await testDatabase(), 'session')))
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
