import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runMigrations } from 'graphile-worker'
import type { PoolClient } from 'pg'
import { AppError } from '../core/errors.ts'
import { quietLogger } from '../core/queue-log.ts'
import { acquire, type Connection, inTransaction, type Pg } from './database.ts'
import { isLockTimeout } from './errors.ts'
import { MIGRATION_LOCK } from './locks.ts'
import { statement } from './statement.ts'

export const MIGRATIONS = path.join(import.meta.dirname, '../../prisma/migrations')

/** How long a migration waits for a lock: whoever queries the table meanwhile waits behind it. Then it steps back and tries again. */
const LOCK_TIMEOUT_MS = 3000
const LOCK_TRIES = 20
const POLL_EVERY_MS = 100

/** What a database has, compared with this program. */
export interface SchemaState {
  /** Migrations to be applied, in their order. */
  readonly pending: readonly string[]
  /** Migrations of a later release, all of which are additive. */
  readonly later: readonly string[]
  /** There is no table at all. */
  readonly isEmpty: boolean
}

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/**
 * Compares the database with this program, and changes nothing. Throws CONFIG if an applied migration was edited since, or if the database
 * has a later migration that is not additive, that is, whose name does not end with `_additive`: such a one needs the later release.
 */
export async function checkSchema(pg: Pg, { folder = MIGRATIONS } = {}): Promise<SchemaState> {
  const hasLedger = (await FIND_LEDGER.get(pg))?.found ?? false
  const ledger = new Map(hasLedger ? (await READ_LEDGER.all(pg)).map((row) => [row.name, row.checksum]) : [])
  const { pending, later } = compare(await readMigrations(folder), ledger)
  return { pending: pending.map(({ name }) => name), later, isEmpty: !hasLedger }
}

/**
 * For a process that starts: applies pending migrations if it may, or if the database is empty, where nobody can be disturbed. Otherwise
 * throws CONFIG with what to run. Later additive migrations are accepted, so that a release can be replaced by the previous one.
 */
export async function prepareSchema(pg: Pg, { mayMigrate }: { mayMigrate: boolean }): Promise<void> {
  const { isEmpty, pending: found } = await checkSchema(pg)
  if (mayMigrate || isEmpty) {
    await migrate(pg)
    return
  }
  if (found.length === 0) return
  // Another process may be applying them.
  await (await lockMigrations(pg))[Symbol.asyncDispose]()
  const { pending } = await checkSchema(pg)
  if (pending.length > 0)
    throw new AppError(
      'CONFIG',
      `The database lacks ${pending.length === 1 ? 'the migration' : `${pending.length} migrations, the first being`} ${pending[0]}: run \`npx afterimage migrate --apply\` once, or start with MIGRATE=on.`,
    )
}

/**
 * Applies pending migrations, each in one transaction, and graphile-worker's own. One whose first line is `-- concurrently` is a single
 * `create index concurrently`, outside of a transaction. Keeps Prisma's table (`_prisma_migrations`, sha-256 of each file), so `prisma
 * migrate deploy` remains usable: Prisma's schema engine is a download that the service does not need. Throws like `checkSchema`, and
 * UNAVAILABLE if a table stays locked.
 */
export async function migrate(pg: Pg, { folder = MIGRATIONS } = {}): Promise<{ applied: string[] }> {
  const all = await readMigrations(folder)
  await using lock = await lockMigrations(pg)
  const { client } = lock
  await client.query(LEDGER)
  const { pending } = compare(all, new Map((await READ_LEDGER.all(client)).map((row) => [row.name, row.checksum])))
  for (const migration of pending) await withRetries(migration, () => apply(pg, migration))
  await runMigrations({ pgPool: pg, logger: quietLogger })
  return { applied: pending.map(({ name }) => name) }
}

/** One process at a time. Waits without a statement: an index that is built concurrently waits for every statement that runs. */
async function lockMigrations(pg: Pg): Promise<Connection> {
  const connection = await acquire(pg)
  // Closing the connection always releases the lock.
  connection.discard()
  while (!(await TRY_LOCK.get(connection.client, { key: MIGRATION_LOCK }))?.held) await delay(POLL_EVERY_MS)
  return connection
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return await Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/** @param ledger the checksums of applied migrations, by name */
function compare(all: readonly Migration[], ledger: ReadonlyMap<string, string>) {
  const pending = all.filter(({ name }) => !ledger.has(name))
  const edited = all.find(({ name, checksum }) => ledger.has(name) && ledger.get(name) !== checksum)
  if (edited)
    throw new AppError(
      'CONFIG',
      `Migration ${edited.name} was edited after it ran here: restore the file and add a new one instead.`,
    )
  const known = new Set(all.map(({ name }) => name))
  const later = [...ledger.keys()].filter((name) => !known.has(name))
  const breaking = later.find((name) => !isAdditive(name))
  if (breaking)
    throw new AppError(
      'CONFIG',
      `The database has migration ${breaking}, which this version does not have: start the newer version.`,
    )
  return { pending, later }
}

/** Whether releases that do not know a migration run on its schema: they only know its name. */
export const isAdditive = (name: string): boolean => name.endsWith('_additive')

const CONCURRENTLY = /^-- concurrently\n\s*create (?:unique )?index concurrently (\w+) on [^;]+;?\s*$/i

async function apply(pg: Pg, { name, sql, checksum }: Migration): Promise<void> {
  const [, index] = CONCURRENTLY.exec(sql) ?? []
  const record = (client: Pg | PoolClient) => RECORD.run(client, { id: randomUUID(), checksum, name })
  if (index === undefined)
    return await inTransaction(pg, async (client) => {
      await SET_LOCK_TIMEOUT.run(client, { timeout: `${LOCK_TIMEOUT_MS}ms` })
      await client.query(sql)
      await record(client)
    })
  // An interrupted run leaves an invalid one.
  await pg.query(`drop index concurrently if exists ${index}`)
  await pg.query(sql)
  await record(pg)
}

async function withRetries({ name }: Migration, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!isLockTimeout(error)) throw error
      if (tries === LOCK_TRIES)
        throw new AppError(
          'UNAVAILABLE',
          `Migration ${name} cannot lock a table: something keeps it locked, see pg_stat_activity; run it again when that has ended.`,
          { cause: error },
        )
      await delay(POLL_EVERY_MS * tries)
    }
}

/** As Prisma's own engine creates it. */
const LEDGER = `create table if not exists _prisma_migrations (
  id varchar(36) primary key,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`

const TRY_LOCK = statement({
  name: 'try-migration-lock',
  text: 'select pg_try_advisory_lock(:key) as held',
  parameters: { key: 'int8' },
  columns: { held: 'bool' },
})

const SET_LOCK_TIMEOUT = statement({
  name: 'set-lock-timeout',
  text: `select set_config('lock_timeout', :timeout, true)`,
  parameters: { timeout: 'text' },
  columns: { set_config: 'text' },
})

const FIND_LEDGER = statement({
  name: 'find-migrations',
  text: `select to_regclass('_prisma_migrations') is not null as found`,
  columns: { found: 'bool' },
})

const READ_LEDGER = statement({
  name: 'read-migrations',
  text: 'select migration_name::text as name, checksum::text from _prisma_migrations where finished_at is not null',
  columns: { name: 'text', checksum: 'text' },
})

const RECORD = statement({
  name: 'record-migration',
  text: `
    insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
    values (:id::text, :checksum::text, :name::text, now(), now(), 1)`,
  parameters: { id: 'text', checksum: 'text', name: 'text' },
})
