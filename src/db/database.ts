import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import { causes, log } from '../core/log.ts'

export type Pg = pg.Pool
export type Prisma = PrismaClient

export interface Database {
  /** For statements (query.ts, statement.ts), locks, and the job queue. */
  readonly pg: Pg
  /** For everything a GraphQL selection decides. Shares the pool. */
  readonly prisma: Prisma
  readonly close: () => Promise<void>
}

/**
 * Connects to Postgres. There are three ways to ask it, all on one pool:
 *
 * - Prisma owns the schema (prisma/schema.prisma, from which the types of the other two are generated or checked) and is what
 *   Pothos reads through: what is read depends on a GraphQL selection.
 * - query.ts, Kysely, builds plain statements: one or a few tables, a condition, a change.
 * - statement.ts holds those that stay SQL: set-based ones, and hot ones, which are prepared. A test has Postgres describe each
 *   and compares its declared parameters and columns.
 *
 * Throws UNAVAILABLE with host and remedy when nobody answers.
 * @param url `postgres://…`, a session connection: LISTEN and advisory locks need it (no PgBouncer transaction mode)
 */
export async function openDatabase(url: string, options: { connectionsMax: number }): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connectionsMax,
    connectionTimeoutMillis: 10_000,
    application_name: 'afterimage',
  })
  // An idle connection that breaks (Postgres restarted) is replaced by the pool; without a listener it would end the process.
  let closing = false
  const onLost = (error: Error) => closing || log.warn('database connection lost', { cause: causes(error) })
  pool.on('error', onLost)
  pool.on('connect', (client) => client.on('error', onLost))
  const { host } = new URL(url)
  await pool.query('select 1').catch(async (error) => {
    await pool.end()
    throw new AppError(
      'UNAVAILABLE',
      `Postgres at ${host} does not answer (${causes(error)}): is DATABASE_URL right?`,
      {
        cause: error,
      },
    )
  })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  return {
    pg: pool,
    prisma,
    close: async () => {
      // A server that stops right after us may still tell a connection that is on its way out.
      closing = true
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(pool: Pg, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((lost) => {
      broken = lost
    })
    throw error
  } finally {
    client.release(broken)
  }
}
