import { getDatamodel } from '../../prisma/generated/pothos.ts'
import { type Conditions, printWhere, Unsupported } from './select-where.ts'

/**
 * Reads the same as Prisma's findMany, in one statement. Prisma sends one for each relation, reads every row of a nested list before
 * taking the first few of each parent, and needs about 0.4 ms of CPU for a page; this needs a tenth of that.
 */

/** The arguments of findMany that are supported here. */
export interface SelectionQuery extends Selection {
  readonly where?: Conditions
  readonly orderBy?: Readonly<Record<string, 'asc' | 'desc'>>
  /** Negative: the last rows. */
  readonly take?: number
}
type Nested = boolean | SelectionQuery
interface Selection {
  readonly select?: Readonly<Record<string, Nested>>
  readonly include?: Readonly<Record<string, Nested>>
}

export interface SelectStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Converts a row that is an array (`rowMode: 'array'`). */
  readonly toRow: (row: readonly unknown[]) => Record<string, unknown>
}

interface Field {
  readonly name: string
  readonly kind: string
  readonly type: string
  readonly isList: boolean
  readonly relationName?: string
  readonly relationFromFields?: readonly string[]
}

const MODELS = new Map(
  Object.entries(
    (getDatamodel() as unknown as { datamodel: { models: Record<string, { fields: readonly Field[] }> } }).datamodel
      .models,
  ).map(([name, { fields }]) => [name, new Map(fields.map((field) => [field.name, field]))]),
)

export const modelNames = (): string[] => [...MODELS.keys()]

/** The mapping that prisma/schema.prisma uses for every name; test/select-rows.test.ts checks each against the database. */
export function snakeCase(name: string): string {
  const known = SNAKE_CASE.get(name)
  if (known !== undefined) return known
  const snake = name.replaceAll(/[A-Z]/g, (letter, at) => `${at ? '_' : ''}${letter.toLowerCase()}`)
  // The cache is bounded by the number of names in the schema.
  SNAKE_CASE.set(name, snake)
  return snake
}
const SNAKE_CASE = new Map<string, string>()

/** Limit for json_build_array: Postgres functions take at most 100 arguments. */
const COLUMNS_MAX = 90

/** The statement for a query; null if it is left to Prisma. */
export function printSelect(model: string, query: SelectionQuery): SelectStatement | null {
  const values: unknown[] = []
  let aliases = 0
  try {
    const { sql, shape } = printLevel(model, { query, isJson: false, ofParent: null })
    return { text: sql, values, toRow: (row) => toObject(row, shape) }
  } catch (error) {
    if (error instanceof Unsupported) return null
    throw error
  }

  function printLevel(name: string, level: { query: SelectionQuery; isJson: boolean; ofParent: string | null }) {
    const { take, where, orderBy = { id: 'asc' }, ...selection } = level.query
    const columns: string[] = []
    const joins: string[] = []
    const alias = `t${aliases++}`
    const shape = printFields(name, { selection, alias, columns, joins, isJson: level.isJson })
    const conditions = level.ofParent ? [`${alias}.${level.ofParent}`] : []
    if (where) conditions.push(...printWhere(where, { columnOf: (field) => column(name, { field, alias }), values }))
    const [[by, direction] = ['id', 'asc'], ...others] = Object.entries(orderBy)
    if (others.length > 0) throw new Unsupported()
    const key = column(name, { field: by, alias })
    const isReversed = take !== undefined && take < 0
    const order = isReversed === (direction === 'asc') ? 'desc' : 'asc'
    const limit = take === undefined ? '' : ` limit $${values.push(Math.abs(take))}`
    const numbered = columns.map((each, at) => `${each} as c${at}`)
    if (level.isJson || isReversed) numbered.push(`${key} as k`)
    const sql = `select ${numbered.join(', ')} from ${table(name, alias)}${joins.join('')}${
      conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''
    } order by ${key} ${order}${limit}`
    const names = columns.map((_, at) => `c${at}`).join(', ')
    if (level.isJson) {
      if (columns.length > COLUMNS_MAX) throw new Unsupported()
      return {
        sql: `select json_agg(json_build_array(${names}) order by k ${direction}) as rows from (${sql}) as l`,
        shape,
      }
    }
    return { sql: isReversed ? `select ${names} from (${sql}) as l order by k ${direction}` : sql, shape }
  }

  function printFields(
    name: string,
    at: { selection: Selection; alias: string; columns: string[]; joins: string[]; isJson: boolean },
  ): Shape {
    const { alias, columns, joins, isJson } = at
    const shape: Shape = { columns: [], ones: [], lists: [], counts: [] }
    for (const [field, nested] of Object.entries(fieldsOf(name, at.selection))) {
      if (nested === false || nested === undefined) continue
      if (field === '_count') {
        for (const counted of Object.keys((nested as SelectionQuery).select ?? {})) {
          if ((nested as SelectionQuery).select?.[counted] !== true) throw new Unsupported()
          const { type, foreignKey } = listOf(name, counted)
          const count = `(select count(*)::int from ${table(type, 'n')} where n.${foreignKey} = ${alias}.id)`
          shape.counts.push({ name: counted, at: columns.push(count) - 1 })
        }
        continue
      }
      const { kind, type, isList } = fieldOf(name, field)
      if (kind !== 'object') {
        if ((kind === 'enum' && isList) || (isJson && UNLIKE_JSON.has(type))) throw new Unsupported()
        const convert = isJson ? FROM_JSON[type] : FROM_DRIVER[type]
        shape.columns.push({
          name: field,
          at: columns.push(column(name, { field, alias })) - 1,
          ...(convert ? { convert } : {}),
        })
        continue
      }
      const query = nested === true ? {} : nested
      const joined = `t${aliases++}`
      if (isList) {
        const { foreignKey } = listOf(name, field)
        const list = printLevel(type, { query, isJson: true, ofParent: `${foreignKey} = ${alias}.id` })
        joins.push(` left join lateral (${list.sql}) as ${joined} on true`)
        shape.lists.push({ name: field, at: columns.push(`${joined}.rows`) - 1, shape: list.shape })
      } else {
        if (query.where || query.take !== undefined || query.orderBy) throw new Unsupported()
        joins.push(` left join ${table(type, joined)} on ${joined}.id = ${alias}.${foreignKeyOf(name, field)}`)
        const present = columns.push(`${joined}.id`) - 1
        const one = printFields(type, { selection: query, alias: joined, columns, joins, isJson })
        shape.ones.push({ name: field, at: present, shape: one })
      }
    }
    return shape
  }
}

interface Shape {
  readonly columns: { readonly name: string; readonly at: number; readonly convert?: (value: never) => unknown }[]
  /** A related object, whose id is at index `at`. */
  readonly ones: { readonly name: string; readonly at: number; readonly shape: Shape }[]
  readonly lists: { readonly name: string; readonly at: number; readonly shape: Shape }[]
  readonly counts: { readonly name: string; readonly at: number }[]
}

function toObject(row: readonly unknown[], shape: Shape): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { name, at, convert } of shape.columns) {
    const value = row[at]
    object[name] = convert && value !== null ? convert(value as never) : value
  }
  for (const { name, at, shape: one } of shape.ones) object[name] = row[at] === null ? null : toObject(row, one)
  for (const { name, at, shape: list } of shape.lists)
    object[name] = ((row[at] as unknown[][] | null) ?? []).map((each) => toObject(each, list))
  if (shape.counts.length > 0) object._count = Object.fromEntries(shape.counts.map(({ name, at }) => [name, row[at]]))
  return object
}

/** Converts the driver's values to Prisma's. */
const FROM_DRIVER: Readonly<Record<string, (value: never) => unknown>> = {
  BigInt: (value: string) => BigInt(value),
  Bytes: (value: Buffer) => new Uint8Array(value),
}
const FROM_JSON: Readonly<Record<string, (value: never) => unknown>> = { DateTime: (value: string) => new Date(value) }
const UNLIKE_JSON: ReadonlySet<string> = new Set(['BigInt', 'Bytes', 'Decimal'])

/** The fields to read; with `include`, or without a selection, these include all columns. */
function fieldsOf(model: string, { select, include }: Selection): Readonly<Record<string, Nested>> {
  if (select) return select
  return { ...Object.fromEntries(columnsOf(model).map((name) => [name, true])), ...include }
}

export const columnsOf = (model: string): string[] =>
  [...(MODELS.get(model)?.values() ?? [])].flatMap(({ name, kind }) => (kind === 'object' ? [] : [name]))

function fieldOf(model: string, name: string): Field {
  const field = MODELS.get(model)?.get(name)
  if (!field) throw new Unsupported()
  return field
}

function column(model: string, { field, alias }: { field: string; alias: string }): string {
  if (fieldOf(model, field).kind === 'object') throw new Unsupported()
  return `${alias}.${snakeCase(field)}`
}

const table = (model: string, alias: string) => `"${snakeCase(model)}" as ${alias}`

/** The foreign key of a to-one relation, in the model's own table. */
function foreignKeyOf(model: string, field: string): string {
  const [key, ...others] = fieldOf(model, field).relationFromFields ?? []
  if (!key || others.length > 0) throw new Unsupported()
  return snakeCase(key)
}

/** The foreign key of a to-many relation, in the related table. */
function listOf(model: string, field: string): { type: string; foreignKey: string } {
  const { type, isList, relationName } = fieldOf(model, field)
  const other = [...(MODELS.get(type)?.values() ?? [])].find(
    (each) => each.relationName === relationName && each.type === model && each.relationFromFields?.length === 1,
  )
  if (!isList || !other) throw new Unsupported()
  return { type, foreignKey: foreignKeyOf(type, other.name) }
}
