import type { Pg } from '../../src/db/database.ts'
import { table } from './service.ts'

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
