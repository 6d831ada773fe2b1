import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../src/db/database.ts'
import { checkSchema, isAdditive, MIGRATIONS, migrate, prepareSchema } from '../src/db/migrate.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { testDatabase } from './support/database.ts'
import { describeDatabase } from './support/describe-database.ts'
import { printSchema } from './support/schema-engine.ts'
import { importDrawings, tempDirectory, testApp, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

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

it('refuses an applied migration that was edited, and one from the future unless it is additive', async () => {
  const { pg } = await database()
  const record = (name: string) =>
    pg.query(
      `insert into _prisma_migrations (id, checksum, migration_name, finished_at) values ('${name.slice(-20)}', 'y', '${name}', now())`,
    )
  await record('29990101000000_later_additive')
  expect(await checkSchema(pg)).toEqual({ pending: [], later: ['29990101000000_later_additive'], isEmpty: false })
  await prepareSchema(pg, { mayMigrate: false })
  expect(await migrate(pg)).toEqual({ applied: [] })
  await record('29990102000000_contract')
  await expect(prepareSchema(pg, { mayMigrate: false })).rejects.toThrow(/29990102000000_contract.*newer version/)
  await pg.query(`delete from _prisma_migrations where checksum = 'y'`)
  await pg.query(`update _prisma_migrations set checksum = 'edited'`)
  await expect(migrate(pg)).rejects.toThrow(/edited/)
})

it('a process that may not migrate sets up an empty database, waits for another one that migrates, and refuses with what to run', async () => {
  const { pg } = await database('template1')
  // Like an API and a worker that start together.
  await Promise.all([1, 2, 3].map(() => prepareSchema(pg, { mayMigrate: false })))
  expect((await checkSchema(pg)).pending).toEqual([])
  const last =
    (await readdir(MIGRATIONS))
      .filter((name) => /^\d/.test(name))
      .sort()
      .at(-1) ?? ''
  await pg.query('delete from _prisma_migrations where migration_name = $1', [last])
  await expect(prepareSchema(pg, { mayMigrate: false })).rejects.toThrow(
    `The database lacks the migration ${last}: run \`npx afterimage migrate --apply\` once, or start with MIGRATE=on.`,
  )
})

/** The migrations of this release and a later one's. */
async function laterRelease(later: Record<string, string>): Promise<string> {
  const folder = await tempDirectory()
  await cp(MIGRATIONS, folder, { recursive: true })
  for (const [name, sql] of Object.entries(later)) {
    await mkdir(path.join(folder, name))
    await writeFile(path.join(folder, name, 'migration.sql'), sql)
  }
  return folder
}

it('this release serves on the additive schema of the next one, whose index is built while it writes', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  const folder = await laterRelease({
    '29990101000000_columns_additive':
      'alter table item add column later text; alter table image add column later int not null default 1;',
    '29990102000000_index_additive': '-- concurrently\ncreate index concurrently item_later_idx on item (later);\n',
  })
  // Built by an interrupted run.
  await app.pg.query('create index item_later_idx on item (id)')
  const [{ applied }] = await Promise.all([
    migrate(app.pg, { folder }),
    importDrawings(app, 5),
    migrate(app.pg, { folder }),
  ])
  expect(applied.length === 2 || applied.length === 0).toBe(true)
  const { rows } = await app.pg.query(`select indexdef from pg_indexes where indexname = 'item_later_idx'`)
  expect(rows).toEqual([{ indexdef: expect.stringContaining('(later)') }])
  // Started again, as after a rollback.
  const { config } = app
  const again = await testApp(config)
  const { url: urlAgain } = await testServer(again)
  for (const [each, at] of [
    [app, url],
    [again, urlAgain],
  ] as const) {
    const item = await each.prisma.item.findFirstOrThrow({ where: { slug: at === url ? 'item-0' : 'item-1' } })
    const key = variantKeyOf(each, item, { preset: 'thumbnail', format: 'WEBP' })
    expect((await fetch(`${at}/images/${key}`)).status).toBe(200)
  }
})

it('a migration gives way to whoever holds a lock, and tries again', async () => {
  const { pg } = await database()
  const folder = await laterRelease({ '29990101000000_column_additive': 'alter table vendor add column later text;' })
  const client = await pg.connect()
  await client.query('begin; lock table vendor in access share mode')
  const migrating = migrate(pg, { folder })
  // It waits at most for its lock_timeout, so that others are not held up behind it.
  await until(async () => (await pg.query(`select from pg_locks where not granted`)).rowCount === 1)
  await until(async () => (await pg.query(`select from pg_locks where not granted`)).rowCount === 0)
  await client.query('commit')
  client.release()
  expect(await migrating).toEqual({ applied: ['29990101000000_column_additive'] })
})

it('names a migration _additive only if the previous release runs on its schema', async () => {
  const names = (await readdir(MIGRATIONS)).filter(isAdditive)
  expect(names).not.toEqual([])
  for (const name of names) {
    const sql = await readFile(path.join(MIGRATIONS, name, 'migration.sql'), 'utf8')
    const without = sql.replaceAll(/^--.*$/gm, '')
    expect(without, name).not.toMatch(/\b(drop|rename|truncate|set not null|alter column|add constraint)\b/i)
    expect(without, name).not.toMatch(/add column (?![^,;]*default)[^,;]*not null/i)
  }
})
