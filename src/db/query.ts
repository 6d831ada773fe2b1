import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import type { DB } from '../../prisma/generated/kysely.ts'
import type { Queryable } from './statement.ts'

/**
 * Builds plain statements, typed by the tables of prisma/schema.prisma. It only builds: `fetchAll`, `fetchFirst` and `execute`
 * run what it built on the pool or on a transaction's connection. Each call compiles, some 10 µs: what every request
 * waits for and what works on many rows at once are a `statement`.
 */
export const query = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** The database's time: the transaction's beginning. */
export const now = sql<Date>`now()`

/** `= any(…)`: one parameter for any number of values, none as well, where `in` has one for each. */
export const anyOf = <Value>(values: readonly Value[]) => sql<Value>`any(${values})`

/** All rows. */
export async function fetchAll<Row>(db: Queryable, built: Compilable<Row>): Promise<Row[]> {
  return (await run<Row>(db, built)).rows
}

/** The first row. */
export async function fetchFirst<Row>(db: Queryable, built: Compilable<Row>): Promise<Row | undefined> {
  return (await run<Row>(db, built)).rows[0]
}

/** The number of rows that were changed or found. */
export async function execute(db: Queryable, built: Compilable): Promise<number> {
  return (await run(db, built)).rowCount ?? 0
}

function run<Row>(db: Queryable, built: Compilable<Row>) {
  const { sql, parameters } = built.compile()
  return db.query<Row & object>(sql, [...parameters])
}
