import { expect, it, onTestFinished } from 'vitest'
import { getDatamodel } from '../prisma/generated/pothos.ts'
import { openDatabase } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { testDatabase } from './support/setup.ts'

interface Field {
  name: string
  dbName?: string
  kind: string
  type: string
  isRequired: boolean
  isList: boolean
}

async function database() {
  const db = await openDatabase(await testDatabase(), { connectionsMax: 8 })
  onTestFinished(db.close)
  return db
}

it('the migrations make exactly what schema.prisma says', async () => {
  const { pg } = await database()
  const { rows } = await pg.query(
    `select table_name, column_name, data_type, udt_name, is_nullable from information_schema.columns
     where table_schema = 'public' and table_name <> '_prisma_migrations' order by 1, 2`,
  )
  const made = rows.map(
    (row) =>
      `${row.table_name}.${row.column_name} ${row.udt_name} ${row.is_nullable === 'NO' ? 'required' : 'optional'}`,
  )
  expect(made).toEqual(expectedColumns())
})

it('migrating again changes nothing, also by two processes at once', async () => {
  const { pg } = await database()
  expect(await Promise.all([migrate(pg), migrate(pg)])).toEqual([{ applied: [] }, { applied: [] }])
})

it('refuses an applied migration that was edited, and one from the future', async () => {
  const { pg } = await database()
  await pg.query(
    `insert into _prisma_migrations (id, checksum, migration_name, finished_at) values ('x', 'y', '29990101000000_later', now())`,
  )
  await expect(migrate(pg)).rejects.toThrow(/29990101000000_later.*newer program/)
  await pg.query(`delete from _prisma_migrations where id = 'x'`)
  await pg.query(`update _prisma_migrations set checksum = 'edited'`)
  await expect(migrate(pg)).rejects.toThrow(/edited/)
})

/** Prisma's own datamodel as Postgres's information_schema would tell it. */
function expectedColumns(): string[] {
  const datamodel = (
    getDatamodel() as unknown as { datamodel: { models: Record<string, { fields: Field[]; dbName?: string }> } }
  ).datamodel
  const types: Record<string, string> = {
    Int: 'int4',
    BigInt: 'int8',
    String: 'text',
    Float: 'float8',
    Boolean: 'bool',
    DateTime: 'timestamptz',
    Json: 'jsonb',
  }
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, '')
  return Object.entries(datamodel.models)
    .flatMap(([model, { fields }]) =>
      fields
        .filter((field) => field.kind !== 'object')
        .map((field) => {
          const type = types[field.type] ?? snake(field.type)
          return `${snake(model)}.${snake(field.name)} ${field.isList ? `_${type}` : type} ${field.isRequired ? 'required' : 'optional'}`
        }),
    )
    .sort()
}
