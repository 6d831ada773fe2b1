import {
  type DefinitionNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLOutputType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  typeFromAST,
  validate,
} from 'graphql'
import * as documents from '../packages/client/src/documents.ts'
import { schema } from '../src/graphql/schema.ts'

const SCALARS: Readonly<Record<string, string>> = { Int: 'number', Float: 'number', Boolean: 'boolean' }

/**
 * packages/client/src/operations.ts: TypeScript types of the client's documents, by the schema. Knows what they use: fields, aliases,
 * fragments, @include and variables. Throws for a document that the schema refuses.
 */
export function printClientTypes(): string {
  /** Enums and inputs that are named on the way. */
  const named = new Map<string, string>()
  const definitions = new Map(Object.entries(documents).flatMap(([name, text]) => definitionsOf(name, text)))
  const printed = [...definitions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => printDefinition(each, named))
  const header = '// Printed by npm run docs from the documents and the schema: change those.'
  return `${indent([header, ...[...named.values()].sort(), ...printed].join('\n\n'))}\n`
}

function definitionsOf(name: string, text: string): [string, DefinitionNode][] {
  const document = parse(text)
  const [error] = validate(schema, document)
  if (error) throw new Error(`${name} does not fit the schema: ${error.message}`, { cause: error })
  return document.definitions.map((each) => [nameOf(each), each])
}

const nameOf = (node: DefinitionNode): string =>
  'name' in node && node.name && !Array.isArray(node.name) ? (node.name as { value: string }).value : ''

function printDefinition(node: DefinitionNode, named: Map<string, string>): string {
  const name = nameOf(node)
  if (node.kind === Kind.FRAGMENT_DEFINITION)
    return `export type ${name} = ${printSelection(node.selectionSet, compositeOf(schema.getType(node.typeCondition.name.value)), named)}`
  if (node.kind !== Kind.OPERATION_DEFINITION) throw new Error(`nothing prints a ${node.kind}`)
  const variables = (node.variableDefinitions ?? []).map(({ variable, type: ast, defaultValue }) => {
    const type = typeFromAST(schema, ast)
    if (!isInputType(type)) throw new Error(`${name} has a variable without a type`)
    const isOptional = defaultValue !== undefined || !isNonNullType(type)
    return `  readonly ${variable.name.value}${isOptional ? '?' : ''}: ${printInput(type, named)}${isOptional ? ' | undefined' : ''}`
  })
  return [
    `export type ${name}Query = ${printSelection(node.selectionSet, compositeOf(schema.getQueryType()), named)}`,
    `export interface ${name}QueryVariables {\n${variables.join('\n')}\n}`,
  ].join('\n\n')
}

function compositeOf(type: unknown): GraphQLCompositeType {
  if (!isCompositeType(type as never)) throw new Error(`${String(type)} has no fields`)
  return type as GraphQLCompositeType
}

function printSelection(
  { selections }: SelectionSetNode,
  parent: GraphQLCompositeType,
  named: Map<string, string>,
): string {
  const spread: string[] = []
  const fields: string[] = []
  for (const each of selections) {
    if (each.kind === Kind.FRAGMENT_SPREAD) spread.push(each.name.value)
    else if (each.kind === Kind.FIELD) fields.push(printField(each, parent, named))
    else throw new Error('nothing prints an inline fragment')
  }
  return [...spread, ...(fields.length > 0 ? [`{\n${fields.join('\n')}\n}`] : [])].join(' & ')
}

function printField(node: FieldNode, parent: GraphQLCompositeType, named: Map<string, string>): string {
  if (!isObjectType(parent) && !isInterfaceType(parent)) throw new Error(`${parent.name} is a union`)
  const field = parent.getFields()[node.name.value]
  if (!field) throw new Error(`${parent.name} has no ${node.name.value}`)
  const isOptional = (node.directives ?? []).length > 0
  const type = printOutput(field.type, { node, named })
  return `  readonly ${(node.alias ?? node.name).value}${isOptional ? '?' : ''}: ${type}${isOptional ? ' | undefined' : ''}`
}

function printOutput(
  type: GraphQLOutputType,
  at: { readonly node: FieldNode; readonly named: Map<string, string>; readonly isRequired?: boolean },
): string {
  if (isNonNullType(type)) return printOutput(type.ofType, { ...at, isRequired: true })
  const { node, named, isRequired } = at
  const printed = isListType(type)
    ? listOf(printOutput(type.ofType, { node, named }))
    : node.selectionSet
      ? printSelection(node.selectionSet, compositeOf(type), named)
      : printLeaf(type, named)
  return isRequired ? printed : `${printed} | null`
}

function printInput(type: GraphQLInputType, named: Map<string, string>, isRequired = false): string {
  if (isNonNullType(type)) return printInput(type.ofType, named, true)
  const printed = isListType(type) ? listOf(printInput(type.ofType, named)) : printLeaf(type, named)
  return isRequired ? printed : `${printed} | null`
}

/** The name of a type of its own, or what a scalar is in JSON. */
function printLeaf(type: GraphQLInputType | GraphQLOutputType, named: Map<string, string>): string {
  const name = String(type)
  if (isEnumType(type)) {
    const values = type.getValues().map((value) => `'${value.name}'`)
    named.set(name, `export type ${name} = ${values.join(' | ')}`)
    return name
  }
  if (!isInputObjectType(type)) return SCALARS[name] ?? 'string'
  // Named before its fields are printed: they may lead back to it.
  if (named.has(name)) return name
  named.set(name, '')
  const fields = Object.values(type.getFields()).map((field) => {
    const isOptional = !isNonNullType(field.type) || field.default !== undefined
    return `  readonly ${field.name}${isOptional ? '?' : ''}: ${printInput(field.type, named)}${isOptional ? ' | undefined' : ''}`
  })
  named.set(name, `export interface ${name} {\n${fields.join('\n')}\n}`)
  return name
}

const listOf = (type: string) => `readonly ${/^\w+$/.test(type) ? type : `(${type})`}[]`

/** Two spaces for each brace that is open. */
function indent(text: string): string {
  let depth = 0
  return text
    .split('\n')
    .map((line) => {
      const bare = line.trim()
      if (bare.startsWith('}')) depth -= 1
      const indented = '  '.repeat(depth) + bare
      if (bare.endsWith('{')) depth += 1
      return indented
    })
    .join('\n')
}
