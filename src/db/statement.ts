import type { ClientBase, Pool } from 'pg'
import type {
  BackfillMode,
  BackfillPriority,
  BackfillStatus,
  ChunkStatus,
  CoverageScope,
  ImageFormat,
  ItemKind,
  OwnerType,
  StoreName,
  TakeDownKind,
  TakeDownStatus,
  TakeDownTarget,
  UploadStatus,
  Visibility,
} from '../../prisma/generated/kysely.ts'

/** What statements run on: the pool, one connection of it within a transaction, or a connection of its own. */
export type Queryable = Pool | ClientBase

/** The JavaScript type of a column, by the name of its Postgres type. */
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
  /** Parsed; the caller checks its shape. */
  json: unknown
  jsonb: unknown
  /** The result of a function that returns nothing. */
  void: string
  backfill_mode: BackfillMode
  backfill_priority: BackfillPriority
  backfill_status: BackfillStatus
  chunk_status: ChunkStatus
  coverage_scope: CoverageScope
  image_format: ImageFormat
  item_kind: ItemKind
  owner_type: OwnerType
  store_name: StoreName
  take_down_kind: TakeDownKind
  take_down_status: TakeDownStatus
  take_down_target: TakeDownTarget
  upload_status: UploadStatus
  visibility: Visibility
}

/** The JavaScript type of a parameter, if it differs from that of a column. */
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
  /** A unique name: used in test reports, and for the prepared statement. */
  readonly name: string
  /** Planned once per connection: for statements that requests wait for, not for those whose plan depends on the amount of data. */
  readonly isPrepared?: boolean
  /** SQL with `:name` for each parameter. */
  readonly text: string
  readonly parameters?: Parameters
  /**
   * The result's columns by name; `?` means nullable. test/statements.test.ts checks it for columns of tables,
   * test/support/statement-rows.ts for every row that a test reads.
   */
  readonly columns?: Columns
}

export interface Statement<Parameters extends Types, Columns extends Types> {
  readonly name: string
  /** With `$1`, `$2`, … in the order of `parameters`. */
  readonly text: string
  readonly parameters: Types
  readonly columns: Types
  readonly all: (db: Queryable, ...values: Given<Parameters>) => Promise<Row<Columns>[]>
  readonly get: (db: Queryable, ...values: Given<Parameters>) => Promise<Row<Columns> | undefined>
  /** The number of rows changed or found. */
  readonly run: (db: Queryable, ...values: Given<Parameters>) => Promise<number>
}

/** All statements of the loaded modules, by name; test/statements.test.ts has the database describe each. */
export const STATEMENTS = new Map<string, Statement<Types, Types>>()

/**
 * A statement written in SQL, with the types of its parameters and columns, which test/statements.test.ts compares with what Postgres
 * reports when it prepares the statement. Named parameters let files share fragments of SQL. Use query.ts for plain statements instead.
 * Throws for a duplicate name, and for a parameter that is not declared or not used: both are bugs.
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

/** `:name`, but neither `::type` nor a bound of `[1:4]`. */
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
