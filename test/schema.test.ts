import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { testDatabase } from './support/database.ts'
import { describeDatabase } from './support/describe-database.ts'
import { printSchema } from './support/schema-engine.ts'

async function database(template?: string) {
  const db = await openDatabase(await testDatabase(template), { connectionsMax: 8 })
  onTestFinished(db.close)
  return db
}

it('the migrations create schema.prisma, and in addition only what Prisma cannot express', async () => {
  const [migrated, empty] = [await database(), await database('template1')]
  await empty.pg.query(await printSchema(empty.pg))
  const [made, said] = [await describeDatabase(migrated.pg), await describeDatabase(empty.pg)]
  expect(said.filter((line) => !made.includes(line))).toEqual([])
  const beyond = made.filter((line) => !said.includes(line))
  await expect(`${beyond.join('\n')}\n`).toMatchFileSnapshot('fixtures/beyond-prisma.txt')
})

it('migrating again changes nothing, even by two processes at once', async () => {
  const { pg } = await database()
  expect(await Promise.all([migrate(pg), migrate(pg)])).toEqual([{ applied: [] }, { applied: [] }])
})

it('refuses an applied migration that was edited, and one from the future', async () => {
  const { pg } = await database()
  await pg.query(
    `insert into _prisma_migrations (id, checksum, migration_name, finished_at) values ('x', 'y', '29990101000000_later', now())`,
  )
  await expect(migrate(pg)).rejects.toThrow(/29990101000000_later.*newer version/)
  await pg.query(`delete from _prisma_migrations where id = 'x'`)
  await pg.query(`update _prisma_migrations set checksum = 'edited'`)
  await expect(migrate(pg)).rejects.toThrow(/edited/)
})
