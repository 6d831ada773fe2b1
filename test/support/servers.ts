import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { livingOf, orphansOf, processesNaming } from './processes.ts'
import { startS3 } from './s3-server.ts'
import { until } from './until.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
    /** Contains everything that the tests write. */
    runFolder: string
  }
}

const PREFIX = 'afterimage-tests-'
const RAM_DISK = '/dev/shm'
/** A whole run writes 10 GB and keeps less than 2 at any moment. */
const RAM_DISK_MIN_BYTES = 6e9

/** One S3 server and one Postgres for the whole run, with its database `afterimage` migrated: the template of every test's database. */
export default async function setup(project: TestProject) {
  // Inherited by vitest's workers and programs that tests start: half of a worker's start is compiling its sources.
  process.env.NODE_COMPILE_CACHE = path.join(import.meta.dirname, '../../node_modules/.cache/node')
  process.env.TEST_SEED ??= String(Math.floor(Math.random() * 2 ** 31))
  process.stdout.write(`random numbers of this run: TEST_SEED=${process.env.TEST_SEED}\n`)
  const disk = await chooseDisk()
  await sweep(disk)
  const runFolder = await mkdtemp(path.join(disk, `${PREFIX}${process.pid}-`))
  // Programs that a test starts as another user (nginx, PgBouncer, which do not run as root) read their files there.
  await chmod(runFolder, 0o711)
  const postgres = await startPostgres(path.join(runFolder, 'postgres'))
  const template = await openDatabase(postgres.adminUrl, { connectionsMax: 2 })
  await migrate(template.pg)
  // As .ci/previous runs the tests of a release: on the schema of the next one.
  const later = process.env.LATER_MIGRATIONS
  if (later) await migrate(template.pg, { folder: later })
  for (const sql of withoutDurability(postgres.adminUrl)) await template.pg.query(sql)
  await template.close()
  const s3 = await startS3(runFolder)
  project.provide('postgresUrl', postgres.adminUrl)
  project.provide('s3Url', s3.url)
  project.provide('runFolder', runFolder)
  return async () => {
    await s3.close()
    await postgres.close()
    await rm(runFolder, { recursive: true, force: true })
    let orphans: string[] = []
    await until(async () => {
      orphans = await orphansOf(runFolder)
      return orphans.length === 0
    }, 10_000).catch(() => {
      throw new Error(`The tests leave behind:\n${orphans.join('\n')}`)
    })
  }
}

/** Memory, if there is enough: half of a run's time was spent writing databases that live for a second. */
async function chooseDisk(): Promise<string> {
  const { bavail, bsize } = await statfs(RAM_DISK).catch(() => ({ bavail: 0, bsize: 0 }))
  return bavail * bsize >= RAM_DISK_MIN_BYTES ? RAM_DISK : tmpdir()
}

/** Leftovers of killed runs: their Postgres and their folders. */
async function sweep(disk: string): Promise<void> {
  for (const name of await readdir(disk)) {
    const [, owner] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? []
    if (!owner || (await livingOf([Number(owner)])).length > 0) continue
    const folder = path.join(disk, name)
    for (const pid of await processesNaming(folder)) process.kill(pid, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

/** No test cuts this server's power. And 4096 rounds of a hash for each of 2000 connections take seconds. */
const withoutDurability = (url: string) => [
  ...['fsync', 'full_page_writes', 'synchronous_commit'].map((setting) => `alter system set ${setting} = off`),
  'select pg_reload_conf()',
  `set scram_iterations = 1; alter role afterimage password '${new URL(url).password}'`,
]
