import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
} from 'graphql'
import { costOf } from '../../src/graphql/cost.ts'
import { checkDocument, DOCUMENT_LIMITS, fragmentsOf } from '../../src/graphql/server/document-limits.ts'
import { COST_MAX } from '../../src/graphql/server/limit-operations.ts'

/** A document that asks for one field as often as the limits allow. */
export interface WorstDocument {
  /** `Icon.picture` */
  readonly field: string
  readonly kind: string
  /** How often: pages x rows of a page x aliases of the field. */
  readonly count: string
  readonly times: number
  readonly query: string
}

type Field = GraphQLField<unknown, unknown>
type Names = Readonly<Record<string, (at: number) => string>>

/** As many rows as a page has. */
export const ROWS = 100
/** Aliases of a field in one selection: the limit of a document, less those of its pages. */
const ALIASES_MAX = DOCUMENT_LIMITS.aliases - 10
const DOCUMENT_MAX_BYTES = 99_000
/** Arguments that make a field do more. */
const COSTLY_ARGUMENTS = new Set(['first', 'search', 'widths', 'presets', 'pin', 'transform', 'filter'])
/** Ways to a type through pages, of which the one that costs least is used. */
const PAGED_WAYS_MAX = 3
/**
 * For every field of a schema, the documents that ask for it most often within the limits: for each row of a page and at the root, in few
 * large pages and in many small ones, with little and with much below it. A new field is among them without being named anywhere.
 * @param names values of arguments, by `field.argument` or the argument's name, as they are written in a document
 */
export function worstDocuments(schema: GraphQLSchema, names: Names): WorstDocument[] {
  return [...waysOf(schema)]
    .flatMap(([typeName, ways]) => {
      const type = schema.getType(typeName)
      if (!isObjectType(type) && !isInterfaceType(type)) return []
      return Object.values(type.getFields()).flatMap((field) => {
        const found = ways.flatMap((way) => mostOf(field, { schema, way, names, name: `${typeName}.${field.name}` }))
        // Of each kind, the one that asks for the field most often.
        return [...Map.groupBy(found, ({ kind }) => kind).values()].map((same) =>
          same.reduce((most, each) => (each.times > most.times ? each : most)),
        )
      })
    })
    .sort((a, b) => Number(isMutation(a)) - Number(isMutation(b)))
}

/** Last, since they change what others read. */
const isMutation = ({ query }: WorstDocument) => query.startsWith('mutation')

/**
 * Of each field, the one of its documents that asks for it most often, and of equals the one with more below it; of the fields of a type that
 * are columns of its row, one.
 */
export function mostForEachField(schema: GraphQLSchema, names: Names): WorstDocument[] {
  const documents = Map.groupBy(worstDocuments(schema, names), ({ field }) => {
    const [typeName = '', name = ''] = field.split('.')
    const type = schema.getType(typeName)
    const { extensions } = ((isObjectType(type) || isInterfaceType(type)) && type.getFields()[name]) || {}
    return typeof extensions?.pothosExposedField === 'string' ? typeName : field
  })
  return [...documents.values()].map((same) => same.reduce((most, each) => (each.times >= most.times ? each : most)))
}

/** How a type is reached: by fields from a root. */
interface Way {
  readonly operation: 'query' | 'mutation'
  readonly steps: readonly Field[]
}

/** The shortest way to each type, and the shortest ones through a page. */
function waysOf(schema: GraphQLSchema): Map<string, Way[]> {
  const found = new Map<string, Way[]>()
  const queue: { type: GraphQLNamedType; way: Way }[] = []
  for (const operation of ['query', 'mutation'] as const) {
    const root = schema.getRootType(operation)
    if (root) queue.push({ type: root, way: { operation, steps: [] } })
  }
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { type, way } = next
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    const known = found.get(type.name) ?? []
    const alike = known.filter((each) => hasPage(each) === hasPage(way))
    if (alike.length >= (hasPage(way) ? PAGED_WAYS_MAX : 1)) continue
    found.set(type.name, [...known, way])
    if (way.operation === 'mutation' && way.steps.length > 0) continue
    for (const field of Object.values(type.getFields()))
      if (field.name !== 'edges')
        queue.push({ type: getNamedType(field.type), way: { ...way, steps: [...way.steps, field] } })
  }
  return found
}

const isPage = ({ args }: Field) => args.some(({ name }) => name === 'first')
const hasPage = ({ steps }: Way) => steps.some(isPage)

function mostOf(
  field: Field,
  { schema, way, names, name }: { schema: GraphQLSchema; way: Way; names: Names; name: string },
): WorstDocument[] {
  const found: WorstDocument[] = []
  for (const depth of isLeafType(getNamedType(field.type)) ? [0] : [0, 2]) {
    // A full page, or as much of one as may have the field.
    const printPage = (rows: number) => printDocument(field, { way, names, pages: 1, aliases: 1, depth, rows })
    const rows = hasPage(way) ? largest(schema, printPage, ROWS) : 1
    if (rows === 0) continue
    const print = (pages: number, aliases: number) => printDocument(field, { way, names, pages, aliases, depth, rows })
    const add = (kind: string, pages: number, aliases: number) => {
      if (pages * aliases === 0) return
      const times = pages * aliases * rows
      const count = `${pages} x ${rows} x ${aliases}${depth > 0 ? ', deep' : ''}`
      found.push({ field: name, kind: `${kind} ${depth} ${rows}`, times, count, query: print(pages, aliases) })
    }
    const aliases = largest(schema, (count) => print(1, count))
    add('aliases', 1, aliases)
    if (way.steps.length === 0 || aliases === 0) continue
    // Pages that spread one fragment have more of them than a document may have aliases.
    if (aliases === ALIASES_MAX)
      add(
        'pages',
        2,
        largest(schema, (count) => print(2, count)),
      )
    else
      add(
        'pages',
        largest(schema, (count) => print(count, 1)),
        1,
      )
  }
  return found
}

/** The largest count whose document the limits accept; 0 if none is. */
function largest(schema: GraphQLSchema, print: (count: number) => string, most = ALIASES_MAX): number {
  if (isAllowed(schema, print(most))) return most
  let [low, high] = [0, most]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isAllowed(schema, print(middle))) low = middle
    else high = middle
  }
  return low
}

function printDocument(
  field: Field,
  options: { way: Way; names: Names; pages: number; aliases: number; depth: number; rows: number },
): string {
  const { way, names, pages, aliases, depth, rows: most } = options
  const selected = Array.from(
    { length: aliases },
    (_, at) => `a${at}: ${field.name}${argumentsOf(field, { at, names })}${selectionOf(field, { depth, at, names })}`,
  ).join(' ')
  if (way.steps.length === 0) return `${way.operation} { ${selected} }`
  const type = getNamedType((way.steps.at(-1) as Field).type).name
  const roots = Array.from({ length: pages }, (_, at) => {
    const first = way.steps.findIndex(isPage)
    const steps = way.steps.map((step, index) => {
      // Another page for each, so that none shares a statement.
      const rows = index === first ? most - (at % most) : 1
      return `${index === 0 ? `p${at}: ` : ''}${step.name}${argumentsOf(step, { at, names, rows })} { `
    })
    return `${steps.join('')}...F${' }'.repeat(steps.length)}`
  })
  return `${way.operation} { ${roots.join(' ')} } fragment F on ${type} { ${selected} }`
}

/** Arguments that are required, and those that make the field do the most. */
function argumentsOf(field: Field, { at, names, rows = ROWS }: { at: number; names: Names; rows?: number }): string {
  const given = field.args.filter(
    ({ type, name, defaultValue }) => COSTLY_ARGUMENTS.has(name) || (isNonNullType(type) && defaultValue === undefined),
  )
  if (given.length === 0) return ''
  const values = given.map((arg) => {
    const named = names[`${field.name}.${arg.name}`] ?? names[arg.name]
    return `${arg.name}: ${named ? named(at) : literalOf(arg, { at, rows })}`
  })
  return `(${values.join(', ')})`
}

function literalOf({ type, name }: GraphQLArgument, { at, rows }: { at: number; rows: number }): string {
  const named = getNamedType(type)
  if (name === 'first') return String(rows)
  if (isEnumType(named)) return named.getValues()[0]?.name ?? ''
  const value = { Int: '1', Float: '1', DateTime: '"2999-01-01T00:00:00Z"' }[named.name] ?? `"x${at}"`
  return isListType(isNonNullType(type) ? type.ofType : type) ? `[${value}]` : value
}

/** All leaves of a type, to a depth; at depth 0 only how many there are. */
function selectionOf(field: Field, { depth, at, names }: { depth: number; at: number; names: Names }): string {
  const type = getNamedType(field.type)
  if (isLeafType(type)) return ''
  if (!isObjectType(type) && !isInterfaceType(type)) return ' { __typename }'
  const below = Object.values(type.getFields()).flatMap((each) => {
    const isLeaf = isLeafType(getNamedType(each.type))
    const isSelected = each.name === 'nodes' || (depth > 0 && each.name !== 'edges' && (isLeaf || depth > 1))
    if (!isSelected) return []
    return [
      `${each.name}${argumentsOf(each, { at, names, rows: 1 })}${selectionOf(each, { depth: depth - 1, at, names })}`,
    ]
  })
  return ` { ${['__typename', ...below].join(' ')} }`
}

/** Whether the limits accept a document. */
export function isAllowed(schema: GraphQLSchema, query: string): boolean {
  try {
    if (query.length > DOCUMENT_MAX_BYTES) return false
    const document = parse(query, { maxTokens: DOCUMENT_LIMITS.tokens })
    checkDocument(document)
    const operation = getOperationAST(document)
    const cost = operation && costOf(schema, { operation, fragments: fragmentsOf(document), variables: {} })
    return (cost?.total ?? Number.POSITIVE_INFINITY) <= COST_MAX
  } catch {
    return false
  }
}
