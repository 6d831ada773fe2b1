import type { ClientBase, Pool } from 'pg'
import type {
  BackfillMode,
  BackfillStatus,
  ChunkStatus,
  CoverageScope,
  ImageFormat,
  ItemKind,
  OwnerType,
  StoreName,
  TakeDownStatus,
  TakeDownTarget,
  UploadStatus,
} from '../../prisma/generated/kysely.ts'

/** What a statement runs on: the pool, one connection of it within a transaction, or a connection of its own. */
export type Queryable = Pool | ClientBase

/** What the driver makes of a column, by the name of its Postgres type. */
interface ColumnTypes {
  bool: boolean
  int2: number
  int4: number
  float8: number
  /** As text: 64 bits and arbitrary precision do not fit into a number. */
  int8: string
  numeric: string
  text: string
  bytea: Buffer
  timestamptz: Date
  /** Parsed; its shape is for the caller to check. */
  json: unknown
  jsonb: unknown
  /** Of a function that returns nothing. */
  void: string
  backfill_mode: BackfillMode
  backfill_status: BackfillStatus
  chunk_status: ChunkStatus
  coverage_scope: CoverageScope
  image_format: ImageFormat
  item_kind: ItemKind
  owner_type: OwnerType
  store_name: StoreName
  take_down_status: TakeDownStatus
  take_down_target: TakeDownTarget
  upload_status: UploadStatus
}

/** What the driver takes for a parameter, where that is another type. */
interface ParameterTypes extends Omit<ColumnTypes, 'int8' | 'numeric' | 'timestamptz' | 'json' | 'jsonb'> {
  int8: string | number
  numeric: string | number
  timestamptz: Date | string
  /** Serialised. */
  json: string
  jsonb: string
}

/** `int4`, `int4?` (may be null), `int4[]`, `int4?[]` (an array with nulls), `int4[]?` (an array or null). */
type TypeName = `${keyof ColumnTypes}${'' | '?' | '[]' | '?[]' | '[]?'}`
type Types = Readonly<Record<string, TypeName>>

type ValueOf<Name, Scalars> = Name extends `${infer Element}[]`
  ? readonly ValueOf<Element, Scalars>[]
  : Name extends `${infer Present}?`
    ? ValueOf<Present, Scalars> | null
    : Name extends keyof Scalars
      ? Scalars[Name]
      : never

type None = Record<never, never>
type Row<Columns> = { [Name in keyof Columns]: ValueOf<Columns[Name], ColumnTypes> }
type Values<Parameters> = { readonly [Name in keyof Parameters]: ValueOf<Parameters[Name], ParameterTypes> }
/** A statement without parameters is run without values. */
type Given<Parameters> = keyof Parameters extends never ? [] : [values: Values<Parameters>]

interface Definition<Parameters extends Types, Columns extends Types> {
  /** Its own: names it in test reports, and as a prepared statement. */
  readonly name: string
  /** Each connection plans it once: for what requests wait for, not for what depends on how much is given. */
  readonly isPrepared?: boolean
  /** SQL with `:name` for each parameter. */
  readonly text: string
  readonly parameters?: Parameters
  /**
   * Of the result, by name; a `?` says that it may be null, which tests check: test/statements.test.ts for columns of tables,
   * test/support/statement-rows.ts for whatever a test reads.
   */
  readonly columns?: Columns
}

export interface Statement<Parameters extends Types, Columns extends Types> {
  readonly name: string
  /** With `$1`, `$2`, … in the order of `parameters`. */
  readonly text: string
  readonly parameters: Types
  readonly columns: Types
  /** All rows. */
  readonly all: (db: Queryable, ...values: Given<Parameters>) => Promise<Row<Columns>[]>
  /** The first row. */
  readonly get: (db: Queryable, ...values: Given<Parameters>) => Promise<Row<Columns> | undefined>
  /** The number of rows that were changed or found. */
  readonly run: (db: Queryable, ...values: Given<Parameters>) => Promise<number>
}

/** Every statement of the modules that are loaded, by name; test/statements.test.ts asks the database about each. */
export const STATEMENTS = new Map<string, Statement<Types, Types>>()

/**
 * A statement that stays SQL, with the types of its parameters and columns: they are those that Postgres tells when it
 * prepares the statement, which test/statements.test.ts compares. Named parameters let files share fragments of SQL. Plain
 * statements go through query.ts instead. Throws for a name that is taken, and for a parameter that is not declared or
 * not used: both are bugs.
 */
export function statement<const Parameters extends Types = None, const Columns extends Types = None>(
  definition: Definition<Parameters, Columns>,
): Statement<Parameters, Columns> {
  const { name, isPrepared = false, parameters = {}, columns = {} } = definition
  const order = Object.keys(parameters)
  const text = numberParameters(definition, order)
  const prepared = isPrepared ? { name } : {}
  const run = (db: Queryable, values: Readonly<Record<string, unknown>> = {}) =>
    db.query<Row<Columns>>({ ...prepared, text, values: order.map((each) => values[each]) })
  const made: Statement<Parameters, Columns> = {
    name,
    text,
    parameters,
    columns,
    all: async (db, values?) => (await run(db, values)).rows,
    get: async (db, values?) => (await run(db, values)).rows[0],
    run: async (db, values?) => (await run(db, values)).rowCount ?? 0,
  }
  if (STATEMENTS.has(name)) throw new Error(`two statements are named ${name}`)
  STATEMENTS.set(name, made as unknown as Statement<Types, Types>)
  return made
}

/** `:name`, and neither `::type` nor a bound of `[1:4]`. */
const PARAMETER = /(?<![:\w]):([a-z]\w*)/gi

function numberParameters({ name, text }: { name: string; text: string }, order: readonly string[]): string {
  const unused = new Set(order)
  const numbered = text.replaceAll(PARAMETER, (_, parameter: string) => {
    unused.delete(parameter)
    const index = order.indexOf(parameter)
    if (index < 0) throw new Error(`statement ${name} does not declare its parameter :${parameter}`)
    return `$${index + 1}`
  })
  if (unused.size > 0) throw new Error(`statement ${name} does not use its parameter ${[...unused].join(', ')}`)
  return numbered
}
