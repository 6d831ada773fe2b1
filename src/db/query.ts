import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'
import type { DB } from '../../prisma/generated/kysely.ts'
import type { Queryable } from './statement.ts'

/**
 * Builds plain statements, typed by the tables of prisma/schema.prisma. It only builds: `fetchAll`, `fetchFirst` and `execute` run them
 * on the pool or a transaction's connection. Each call compiles, about 10 µs: statements on the path of every request and those on many
 * rows are a `statement`.
 */
export const query = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** The database's time at the start of the transaction. */
export const now = sql<Date>`now()`

/** `= any(…)`: one parameter for any number of values, even none, while `in` has one for each. */
export const anyOf = <Value>(values: readonly Value[]) => sql<Value>`any(${values})`

/** All rows of a built statement. */
export async function fetchAll<Row>(db: Queryable, built: Compilable<Row>): Promise<Row[]> {
  return (await run<Row>(db, built)).rows
}

/** All rows of a statement whose conditions are composed at run time. */
export const fetchSql = <Row>(db: Queryable, built: RawBuilder<Row>): Promise<Row[]> =>
  fetchAll(db, { compile: () => built.compile(query) })

/** The same for a statement that requests wait for and whose plan does not depend on its values: it is planned once per connection. */
export async function fetchPrepared<Row>(db: Queryable, built: RawBuilder<Row>): Promise<Row[]> {
  const { sql: text, parameters } = built.compile(query)
  return (await db.query<Row & object>({ ...preparedName(text), text, values: [...parameters] })).rows
}

/** The first row of a built statement; undefined if there is none. */
export async function fetchFirst<Row>(db: Queryable, built: Compilable<Row>): Promise<Row | undefined> {
  return (await run<Row>(db, built)).rows[0]
}

/** The number of rows changed or found. */
export async function execute(db: Queryable, built: Compilable): Promise<number> {
  return (await run(db, built)).rowCount ?? 0
}

function run<Row>(db: Queryable, built: Compilable<Row>) {
  const { sql, parameters } = built.compile()
  return db.query<Row & object>(sql, [...parameters])
}

/** Maximum number of prepared statements, since a connection keeps what it prepared; further ones run unprepared. */
const PREPARED_MAX = 100
const names = new Map<string, string>()

/** The name under which a text composed at run time is prepared. */
export function preparedName(text: string): { name?: string } {
  const known = names.get(text)
  if (known) return { name: known }
  if (names.size >= PREPARED_MAX) return {}
  const name = `composed-${names.size}`
  names.set(text, name)
  return { name }
}
