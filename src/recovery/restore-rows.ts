import { sql } from 'kysely'
import { fetchSql } from '../db/query.ts'
import type { Queryable } from '../db/statement.ts'
import { statement } from '../db/statement.ts'
import type { TableName } from './tables.ts'

/**
 * Inserts rows of a snapshot, with their ids. Columns that the snapshot's release did not have get their defaults; those that there are no
 * more are left out. A row that is there already stays.
 */
export async function restoreRows(db: Queryable, table: TableName, rows: readonly unknown[]): Promise<void> {
  const given = new Set(rows.flatMap((row) => Object.keys(row as object)))
  const known = await READ_COLUMNS.all(db, { table })
  const columns = known.filter(({ name }) => given.has(name)).map(({ name }) => sql.ref(name))
  await fetchSql(
    db,
    sql`
      insert into ${sql.table(table)} (${sql.join(columns)})
      select ${sql.join(columns)} from jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)
      on conflict do nothing`,
  )
}

const READ_COLUMNS = statement({
  name: 'read-columns',
  text: `
    select column_name::text as name from information_schema.columns
    where table_schema = current_schema() and table_name = :table::text and is_generated = 'NEVER'`,
  parameters: { table: 'text' },
  columns: { name: 'text' },
})
