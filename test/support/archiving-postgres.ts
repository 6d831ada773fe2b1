import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { until } from './until.ts'

const run = promisify(execFile)

/**
 * A Postgres that archives its write-ahead log, as providers run it. The embedded package has no pg_basebackup, so the steps are those of
 * https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export async function archivingPostgres() {
  const home = await newDirectory()
  // Paths are relative to the data directory, where its commands run.
  const archive = 'mkdir -p ../archive && test ! -f ../archive/%f && cp %p ../archive/%f'
  const first = await startPostgres(home)
  await withClient(first.adminUrl, async (client) => {
    await client.query(`alter system set archive_mode = on`)
    await client.query(`alter system set archive_command = '${archive}'`)
  })
  await first.close()
  const postgres = await startPostgres(home)
  onTestFinished(postgres.close)
  const backup = path.join(home, 'backup')
  return {
    url: postgres.url,
    /** A base backup. */
    backUp: () =>
      withClient(postgres.adminUrl, async (client) => {
        await client.query(`select pg_backup_start('test', fast => true)`)
        await run('cp', ['-a', path.join(home, 'data'), backup])
        const { rows } = await client.query('select labelfile from pg_backup_stop()')
        await writeFile(path.join(backup, 'backup_label'), rows[0].labelfile)
        for (const file of ['postmaster.pid', 'pg_wal']) await rm(path.join(backup, file), { recursive: true })
        await run('mkdir', [path.join(backup, 'pg_wal')])
        await run('chown', ['-R', '--reference', path.join(home, 'data'), backup])
      }),
    /** Another server with the state of that moment; its URL. */
    async restore(at: Date): Promise<string> {
      await withClient(postgres.adminUrl, async (client) => {
        const { rows } = await client.query('select pg_walfile_name(pg_switch_wal()) as last')
        const archived = 'select last_archived_wal >= $1 as done from pg_stat_archiver'
        await until(async () => (await client.query(archived, [rows[0].last])).rows[0].done)
      })
      await postgres.close()
      const restored = await newDirectory()
      await run('cp', ['-a', backup, path.join(restored, 'data')])
      await run('cp', [
        '-a',
        ...['archive', 'password', 'superuser-password'].map((file) => path.join(home, file)),
        restored,
      ])
      const settings = [
        `restore_command = 'cp ../archive/%f %p'`,
        // It does not read a T and a Z.
        `recovery_target_time = '${at.toISOString().replace('T', ' ').replace('Z', '+00')}'`,
        `recovery_target_action = promote`,
        // Nobody connects until it is done.
        'hot_standby = off',
        'archive_mode = off',
      ]
      await appendFile(path.join(restored, 'data/postgresql.auto.conf'), `${settings.join('\n')}\n`)
      await run('cp', ['-p', path.join(restored, 'data/PG_VERSION'), path.join(restored, 'data/recovery.signal')])
      const again = await startPostgres(restored)
      onTestFinished(again.close)
      return again.url
    },
  }
}

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'afterimage-archiving-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
