import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type App, openApp } from '../../src/app.ts'
import { loadConfig } from '../../src/core/config.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { WORKER_FLAGS } from '../../src/embedded/supervise.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** All load comes from one address. */
const UNLIMITED = {
  REQUESTS_PER_MINUTE: 'off',
  GRAPHQL_POINTS_PER_MINUTE: 'off',
  UPLOADS_PER_DAY: 'off',
  UPLOAD_BYTES_PER_DAY: 'off',
  UPLOADS_IN_PROGRESS: 'off',
  VENDOR_UPLOAD_BYTES: 'off',
  UPLOAD_BYTES_MAX: 'off',
}

export interface Bench {
  readonly app: App
  readonly env: Record<string, string>
  /** Of the server's superuser, which the service is not. */
  readonly adminUrl: string
  readonly onClose: (close: () => unknown) => void
}

/**
 * Runs `work` on a temporary service: a fresh Postgres and stores in a temporary directory, deleted afterwards.
 * @param options.env further variables, such as buckets
 * @param options.postgres settings of the server
 */
export async function withBench(
  work: (bench: Bench) => Promise<void>,
  { env = {}, postgres = {} }: { env?: Record<string, string>; postgres?: Record<string, string> } = {},
): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'afterimage-bench-'))
  const closers: (() => unknown)[] = [() => rm(dataDir, { recursive: true, force: true })]
  const onClose = (close: () => unknown) => closers.push(close)
  try {
    const own = { DATA_DIR: dataDir, PORT: '0', ADMIN_TOKEN: 'bench', URL_SECRET: 'bench', ...UNLIMITED, ...env }
    const config = loadConfig({ ...process.env, ...own, DATABASE_URL: undefined })
    const directory = path.join(dataDir, 'postgres')
    let server = await startPostgres(directory)
    if (Object.keys(postgres).length > 0) {
      await withClient(server.adminUrl, async (client) => {
        for (const [name, value] of Object.entries(postgres))
          await client.query(`alter system set ${name} = '${value}'`)
      })
      await server.close()
      server = await startPostgres(directory)
    }
    onClose(() => server.close())
    const app = await openApp(config, { databaseUrl: server.url })
    onClose(app.close)
    const { url, adminUrl } = server
    await work({ app, env: { ...own, DATABASE_URL: url, PATH: process.env.PATH ?? '' }, adminUrl, onClose })
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

/** Runs `work` on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * Starts one of our programs and waits until it prints `ready`.
 * @param options.file below this project's folder, or an absolute path
 * @param options.prefix a command that runs it, such as taskset
 * @param options.flags of Node
 * @param options.logFile gets its output: through a pipe, each line of the access log would wake this process
 */
export async function startProgram(
  bench: Bench,
  options: { file: string; ready: RegExp; prefix?: string[]; flags?: readonly string[]; logFile?: string },
): Promise<{ child: ChildProcess; said: string }> {
  const [command = process.execPath, ...args] = [
    ...(options.prefix ?? []),
    process.execPath,
    ...(options.file === 'workers/main.ts' ? WORKER_FLAGS : []),
    ...(options.flags ?? []),
    path.resolve(ROOT, options.file),
  ]
  const { logFile } = options
  const output = logFile === undefined ? 'pipe' : openSync(logFile, 'w')
  const child = spawn(command, args, { env: bench.env, stdio: ['ignore', output, output] })
  if (typeof output === 'number') closeSync(output)
  const gone = once(child, 'exit')
  bench.onClose(async () => {
    child.kill('SIGTERM')
    await gone
  })
  let said = ''
  while (logFile !== undefined && !options.ready.test(said)) {
    if (child.exitCode !== null) throw new Error(`${options.file} ended: ${said}`)
    await delay(50)
    said = await readFile(logFile, 'utf8')
  }
  if (logFile !== undefined) return { child, said }
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text) => {
        said += text
        if (options.ready.test(said)) resolve()
      })
    }
    void gone.then(() => reject(new Error(`${options.file} ended: ${said}`)))
  })
  return { child, said }
}

const TICK_MS = 10

/** CPU time so far in ms, of a process and the children that it has waited for: utime, stime, cutime and cstime of proc(5). */
export async function cpuOf(pid: number): Promise<{ self: number; reaped: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
  return { self: (utime + stime) * TICK_MS, reaped: (cutime + cstime) * TICK_MS }
}

/** CPU time of a process so far, in ms. */
export const cpuMs = async (pid: number): Promise<number> => (await cpuOf(pid)).self

/** The process's children, whichever of its threads started them, and theirs: a renderer may be behind a process that waits for it. */
export async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = []
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const children = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')
    for (const child of children.split(' ').filter(Boolean).map(Number)) found.push(child, ...(await childrenOf(child)))
  }
  return found
}

/** Resident memory of a process in MB. */
export const rssMb = (pid: number): Promise<number> => statusMb(pid, 'VmRSS')
/** Its peak. */
export const peakRssMb = (pid: number): Promise<number> => statusMb(pid, 'VmHWM')

async function statusMb(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Rows as a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Always the same order, independent of that of the values: however many are taken from the front, they are alike. */
export const mixed = <T>(values: readonly T[]): T[] =>
  values
    .map((value, index) => ({ value, place: (index * 7919) % values.length }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value)

/** Samples `count` of the values evenly. */
export const evenly = <T>(values: readonly T[], count: number): T[] =>
  Array.from(
    { length: Math.min(count, values.length) },
    (_, index) => values[Math.floor((index * values.length) / Math.min(count, values.length))] as T,
  )
