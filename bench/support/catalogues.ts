import type { Pg } from '../../src/db/database.ts'
import { table, withClient } from './service.ts'

/** The size of a row with its indexes, from which larger catalogues are computed. */
export async function printBytes(pg: Pg): Promise<void> {
  const { rows } = await pg.query(
    `select relname, reltuples::float8 as rows, pg_relation_size(oid)::float8 as heap, pg_indexes_size(oid)::float8 as indexes
     from pg_class where relname in ('item', 'image') order by 1 desc`,
  )
  const lines = rows.map(({ relname, rows: count, heap, indexes }) =>
    [relname, count, heap, indexes, heap + indexes].map((value, at) => (at > 1 ? (value / count).toFixed(0) : value)),
  )
  process.stdout.write(`${table(['table', 'rows', 'bytes a row', 'of its indexes', 'together'], lines)}\n`)
  const { rows: sizes } = await pg.query('select pg_database_size(current_database())::float8 as bytes')
  process.stdout.write(`${(sizes[0].bytes / 1e9).toFixed(1)} GB in all\n`)
}

/** Creates another database of the service's role, which may then do what a measurement needs and the service does not. */
export async function createSecond(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query(
      'select datdba::regrole as role from pg_database where datname = current_database()',
    )
    const [{ role }] = rows
    await client.query(`grant set on parameter session_replication_role to ${role}`)
    await client.query(`grant pg_checkpoint to ${role}`)
    await client.query(`create database ${name} owner ${role}`)
  })
}

/** How long it takes, ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
