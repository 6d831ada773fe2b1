import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import { writeChange } from './change.ts'
import { describeRefusal, isDatabaseUnavailable, toDatabaseError } from './errors.ts'
import { createHealth, type DatabaseHealth } from './health.ts'
import { openPool } from './pool.ts'
import { readThrough } from './reader.ts'
import { checkSession } from './session.ts'

export type Pg = pg.Pool
export type Prisma = PrismaClient

export interface Database {
  /** For statements (query.ts, statement.ts), locks, and the job queue. Throws the errors of errors.ts and Postgres's own. */
  readonly pg: Pg
  /**
   * For searches, on connections of their own: their planner is forced to use the indexes. It estimates an overlap of long lists to be as
   * cheap as comparing two numbers, and would therefore scan all of a small catalogue.
   */
  readonly searchPool: Pg
  /**
   * For the statements that a viewer of a picture waits for, all by keys, on connections of their own: each is planned once per connection,
   * and to use the indexes, however small the tables are at that time. Postgres plans a statement with lists of parameters anew each time,
   * which takes longer than running it.
   */
  readonly keyedPool: Pg
  /** For reads that depend on a GraphQL selection. Shares the pool and its errors. */
  readonly prisma: Prisma
  readonly health: DatabaseHealth
  readonly close: () => Promise<void>
}

/** At most this many searches run at once in a process, each statement for at most this long. */
const SEARCH_CONNECTIONS = 3
const SEARCH_MAX_MS = 5000
/** Look-ups, the locks, and what is recorded. */
const KEYED_CONNECTIONS = 4
const KEYED_SETTINGS = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  jit: 'off',
}
const SEARCH_SETTINGS = { enable_seqscan: 'off', jit: 'off', statement_timeout: `${SEARCH_MAX_MS}ms` }

/**
 * Connects to Postgres. There are three ways to query it:
 *
 * - Prisma owns the schema (prisma/schema.prisma, from which the types of the other two are generated or checked). Pothos reads through
 *   it, because the rows and columns depend on a GraphQL selection.
 * - query.ts (Kysely) builds plain statements: one or a few tables, a condition, a change.
 * - statement.ts holds those that stay SQL: set-based ones, and hot ones, which are prepared. A test has Postgres describe each and
 *   compares its declared parameters and columns.
 * Throws UNAVAILABLE with host and remedy if the server does not answer, CONFIG if a pooler does not keep sessions, which LISTEN and
 * advisory locks need.
 * @param url `postgres://…`
 */
export async function openDatabase(url: string, { connectionsMax }: { connectionsMax: number }): Promise<Database> {
  const health = createHealth()
  const { host } = new URL(url)
  try {
    await checkSession(url)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('UNAVAILABLE', describeRefusal(host, error), { cause: error })
  }
  const pool = openPool(url, { connectionsMax, health })
  const searchPool = openPool(url, { connectionsMax: SEARCH_CONNECTIONS, health, settings: SEARCH_SETTINGS })
  const keyedPool = openPool(url, { connectionsMax: KEYED_CONNECTIONS, health, settings: KEYED_SETTINGS })
  const prisma = openPrisma(pool)
  return {
    pg: pool,
    searchPool,
    keyedPool,
    prisma,
    health,
    close: async () => {
      await prisma.$disconnect()
      await Promise.all([pool, searchPool, keyedPool].map((each) => each.end()))
    },
  }
}

function openPrisma(pool: Pg): Prisma {
  const own = { query: { $allOperations: ({ args, query }: Operation) => query(args).catch(fail) } }
  // The extended client differs only in the errors it throws and in how it reads rows.
  return readThrough(pool, new PrismaClient({ adapter: new PrismaPg(pool) }).$extends(own) as unknown as Prisma)
}

interface Operation {
  readonly args: unknown
  readonly query: (args: unknown) => Promise<unknown>
}

const fail = (error: unknown): never => {
  throw toDatabaseError(error)
}

/** A pooled connection for the lifetime of a scope: `await using connection = await acquire(pg)`. */
export interface Connection extends AsyncDisposable {
  readonly client: pg.PoolClient
  /** Closes the connection at the end of the scope instead of returning it to the pool: its state is unknown. */
  readonly discard: () => void
}

/** Waits for a connection, which returns to the pool at the end of the scope: `await using`. Rejects if the database is unavailable. */
export async function acquire(pool: Pg): Promise<Connection> {
  const client = await pool.connect()
  let isDiscarded = false
  return {
    client,
    discard() {
      isDiscarded = true
    },
    async [Symbol.asyncDispose]() {
      client.release(isDiscarded)
    },
  }
}

/** Runs `work` in one transaction: commits when it returns, rolls back when it throws. */
export async function inTransaction<T>(pool: Pg, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  await using connection = await acquire(pool)
  const { client, discard } = connection
  try {
    await client.query('begin')
    const result = await work(client)
    await writeChange(client)
    await client.query('commit')
    return result
  } catch (error) {
    // No rollback is sent to a failing server: it rolls back when the connection closes.
    if (isDatabaseUnavailable(error)) discard()
    else await client.query('rollback').catch(discard)
    throw error
  }
}
