import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startS3 } from './s3-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

/** One S3 server and one Postgres for the whole run, its database `afterimage` migrated: the template of every test's own database. */
export default async function setup(project: TestProject) {
  const directory = await mkdtemp(path.join(tmpdir(), 'afterimage-test-postgres-'))
  const postgres = await startPostgres(directory)
  const template = await openDatabase(postgres.url, { connectionsMax: 2 })
  await migrate(template.pg)
  await template.close()
  const s3 = await startS3()
  project.provide('postgresUrl', postgres.url)
  project.provide('s3Url', s3.url)
  return async () => {
    await s3.close()
    await postgres.close()
    await rm(directory, { recursive: true, force: true })
  }
}
