import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { runMigrations } from 'graphile-worker'
import { AppError } from '../core/errors.ts'
import { quietLogger } from '../core/queue-log.ts'
import { acquire, inTransaction, type Pg } from './database.ts'
import { MIGRATION_LOCK } from './locks.ts'
import { statement } from './statement.ts'

const FOLDER = path.join(import.meta.dirname, '../../prisma/migrations')

/**
 * Applies pending migrations, each in one transaction, and graphile-worker's own. Keeps Prisma's table (`_prisma_migrations`, sha-256 of
 * each file), so `prisma migrate deploy` remains usable: Prisma's schema engine is a download that the service does not need. Throws
 * CONFIG if an applied migration was edited since, or if the database is newer than this program.
 */
export async function migrate(pg: Pg): Promise<{ applied: string[] }> {
  const names = (await readdir(FOLDER, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const applied: string[] = []
  await using connection = await acquire(pg)
  // Closing the connection always releases the lock.
  connection.discard()
  const { client: lock } = connection
  await WAIT_FOR_LOCK.run(lock, { key: MIGRATION_LOCK })
  await lock.query(LEDGER)
  const ledger = new Map((await READ_LEDGER.all(lock)).map((row) => [row.name, row.checksum]))
  for (const name of names.map((entry) => entry.name).sort()) {
    const sql = await readFile(path.join(FOLDER, name, 'migration.sql'), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    const known = ledger.get(name)
    ledger.delete(name)
    if (known === checksum) continue
    if (known)
      throw new AppError(
        'CONFIG',
        `Migration ${name} was edited after it ran here: restore the file and add a new one instead.`,
      )
    await inTransaction(pg, async (client) => {
      await client.query(sql)
      await RECORD.run(client, { id: randomUUID(), checksum, name })
    })
    applied.push(name)
  }
  const [newer] = ledger.keys()
  if (newer)
    throw new AppError(
      'CONFIG',
      `The database has migration ${newer}, which this version does not have: start the newer version.`,
    )
  await runMigrations({ pgPool: pg, logger: quietLogger })
  return { applied }
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

const WAIT_FOR_LOCK = statement({
  name: 'wait-for-migration-lock',
  text: 'select pg_advisory_lock(:key)',
  parameters: { key: 'int8' },
  columns: { pg_advisory_lock: 'void' },
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
