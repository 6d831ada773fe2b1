import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { until } from './until.ts'

/** Connections take a moment to close. */
const LIMIT_MS = 10_000

/**
 * A database for the test, cloned from the migrated template and dropped when the test ends. A test that leaves a connection to it open
 * fails.
 * @param template another one: `template1` is empty
 */
export async function testDatabase(template = 'afterimage'): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const name = `test_${randomBytes(6).toString('hex')}`
  const run = async (work: (client: pg.Client) => Promise<void>) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', url).href })
    await client.connect()
    try {
      await work(client)
    } finally {
      await client.end()
    }
  }
  await run(async (client) => {
    await client.query(`create database ${name} template ${template}`)
  })
  onTestFinished(() =>
    run(async (client) => {
      const left = await connectionsTo(client, name)
      await client.query(`drop database ${name} with (force)`)
      if (left.length > 0) throw new Error(`the test leaves connections to its database open:\n${left.join('\n')}`)
    }),
  )
  return new URL(`/${name}`, url).href
}

/** Connections to a database that stay open. */
async function connectionsTo(client: pg.Client, database: string): Promise<string[]> {
  let left: string[] = []
  await until(async () => {
    const { rows } = await client.query(
      `select application_name as name, state, query from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    )
    left = rows.map(
      ({ name, state, query }) => `${name || 'unnamed'} (${state}): ${query.replaceAll(/\s+/g, ' ').slice(0, 120)}`,
    )
    return left.length === 0
  }, LIMIT_MS).catch(() => {})
  return left
}
