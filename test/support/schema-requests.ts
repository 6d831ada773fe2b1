import {
  type GraphQLAbstractType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import { parseGlobalId } from '../../src/core/global-id.ts'

/** One request of a root field. */
export interface SchemaRequest {
  /** `Mutation.takeDown(id)` */
  readonly name: string
  readonly field: string
  readonly operation: 'query' | 'mutation' | 'subscription'
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** What requests name: of the asking vendor, and of the vendor whose things it must not see. */
export interface Names {
  /** Values for an argument that must be given, by its name or type. */
  readonly own: Readonly<Record<string, unknown>>
  /** Every id of the other vendor. */
  readonly foreignIds: readonly string[]
  readonly foreignUsername: string
  /** Every scope of the other vendor, as values of ScopeInput. */
  readonly foreignScopes: readonly object[]
}

/**
 * Requests of every root field of a schema, for every argument that can name something of another vendor with everything that it can name.
 * A new field, argument or node type is among them without being named anywhere.
 */
export function requestsOf(schema: GraphQLSchema, names: Names): SchemaRequest[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const
  return roots.flatMap(([operation, type]) =>
    Object.values(type?.getFields() ?? {}).flatMap((field) => {
      const required = {
        ...Object.fromEntries(
          field.args.filter(isRequiredArgument).map((arg) => [arg.name, ownValue(arg.name, arg.type, names)]),
        ),
        // A page of the default size would cost more than a query may.
        ...(field.args.some(({ name }) => name === 'first') ? { first: 2 } : {}),
      }
      const variants = field.args.flatMap((arg) =>
        foreignValues(arg, names).map((value) => ({ name: arg.name, args: { ...required, [arg.name]: value } })),
      )
      return [{ name: '', args: required }, ...variants].flatMap(({ name, args }) =>
        printRequests(schema, { operation, field, args }).map((query) => ({
          name: `${type?.name}.${field.name}(${name})`,
          field: field.name,
          operation,
          query,
          variables: args,
        })),
      )
    }),
  )
}

/** What a required argument is given when another one names something foreign. */
function ownValue(name: string, type: GraphQLInputType, names: Names): unknown {
  const nullable = getNullableType(type)
  if (name in names.own) return isListType(nullable) ? [names.own[name]].flat() : names.own[name]
  if (isListType(nullable)) return [ownValue(name, nullable.ofType, names)]
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name
  if (isInputObjectType(nullable))
    return Object.fromEntries(
      Object.values(nullable.getFields())
        .filter(isRequiredInputField)
        .map((field) => [field.name, ownValue(field.name, field.type, names)]),
    )
  return (
    {
      Int: 1,
      Float: 100,
      Boolean: true,
      ID: names.own.id,
      DateTime: '2999-01-01T00:00:00Z',
      URL: 'https://example.com/',
    }[String(nullable)] ?? 'text'
  )
}

/** Everything foreign that an argument can name. */
function foreignValues({ name, type }: Pick<GraphQLArgument, 'name' | 'type'>, names: Names): unknown[] {
  const nullable = getNullableType(type)
  const named = getNamedType(type)
  if (isInputObjectType(named)) {
    if (/^Scope/.test(named.name)) return [...names.foreignScopes]
    const nested = Object.values(named.getFields())
    const required = ownValue(name, named, names) as object
    return nested.flatMap((field) => foreignValues(field, names).map((value) => ({ ...required, [field.name]: value })))
  }
  const isId = named.name === 'ID'
  if (!isId && !(named.name === 'String' && /vendor|username/i.test(name))) return []
  const values = isId ? names.foreignIds : [names.foreignUsername]
  return isListType(nullable) ? values.map((value) => [value]) : [...values]
}

/** One for each type that the field may return with these arguments. */
function printRequests(
  schema: GraphQLSchema,
  {
    operation,
    field,
    args,
  }: { operation: string; field: GraphQLField<unknown, unknown>; args: Readonly<Record<string, unknown>> },
): string[] {
  const given = field.args.filter(({ name }) => name in args)
  const variables = given.map(({ name, type }) => `$${name}: ${type}`).join(', ')
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ')
  const call = `${field.name}${passed && `(${passed})`}`
  const type = getNamedType(field.type)
  const selections = isAbstractType(type)
    ? possibleTypes(schema, type, args).map((name) => ` { __typename ... on ${name}${selectionOf(schema, name)} }`)
    : [selectionOf(schema, type.name)]
  return selections.map((selection) => `${operation}${variables && `(${variables})`} { ${call}${selection} }`)
}

/** Those that an id among the arguments names: a node id names one, a unique id any type that has such ids. */
function possibleTypes(schema: GraphQLSchema, type: GraphQLAbstractType, args: Readonly<Record<string, unknown>>) {
  const typenames = Object.values(args).flatMap((value) =>
    [value].flat().map((id) => parseGlobalId(String(id))?.typename),
  )
  const possible = schema.getPossibleTypes(type)
  const named = possible.filter(({ name }) => typenames.includes(name))
  return (named.length > 0 ? named : possible.filter((each) => each.getFields().uniqueId)).map(({ name }) => name)
}

/** All fields of a type that need no argument, to a depth. */
function selectionOf(schema: GraphQLSchema, typeName: string, depth = 2): string {
  const type = schema.getType(typeName)
  if (!isObjectType(type) && !isInterfaceType(type)) return ''
  const fields = Object.values(type.getFields()).flatMap((field) => {
    if (field.args.some(isRequiredArgument) || field.name === 'edges') return []
    const named = getNamedType(field.type)
    if (isLeafType(named)) return [field.name]
    if (depth === 0) return []
    const page = field.args.some(({ name }) => name === 'first') ? '(first: 2)' : ''
    return [`${field.name}${page}${selectionOf(schema, named.name, depth - 1)}`]
  })
  return ` { ${['__typename', ...fields].join(' ')} }`
}
