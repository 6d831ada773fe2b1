import {
  type DocumentNode,
  defaultFieldResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLFieldResolver,
  GraphQLIncludeDirective,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
  visit,
} from 'graphql'

type Resolver = GraphQLFieldResolver<unknown, unknown>
export type Arguments = Readonly<Record<string, unknown>>

/** A field of a selection, with everything about it that is the same for all rows and requests. */
export interface FieldPlan {
  /** Its name in the response. */
  readonly key: string
  readonly nodes: readonly FieldNode[]
  readonly parentType: GraphQLObjectType
  readonly field: GraphQLField<unknown, unknown>
  readonly resolve: Resolver
  /** Null if they depend on variables. */
  readonly args: Arguments | null
  readonly shape: Shape
}

/** How a value of a type is completed. */
export type Shape = { readonly isNullable: boolean } & (
  | { readonly kind: 'LEAF'; readonly type: GraphQLLeafType }
  | { readonly kind: 'LIST'; readonly item: Shape }
  | { readonly kind: 'OBJECT'; readonly type: GraphQLObjectType; readonly fieldsOf: FieldsOf }
  | { readonly kind: 'ABSTRACT'; readonly type: GraphQLAbstractType; readonly fieldsOf: FieldsOf }
)
/** The fields selected of an object. */
type FieldsOf = (type: GraphQLObjectType) => readonly FieldPlan[]

export interface Operation {
  readonly schema: GraphQLSchema
  readonly node: OperationDefinitionNode
  /** Of its document, by name. */
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>
}
interface Planning extends Operation {
  /** Those in `@skip` and `@include`. */
  readonly variables: VariableValues
}
interface Kept {
  readonly operation: Operation
  /** The names of the variables in `@skip` and `@include`. */
  readonly conditions: readonly string[]
  /** The plans by the values of these variables. */
  readonly byValues: Map<string, FieldsOf>
}

/** Operations with more such variables are planned for each request. */
const CONDITIONS_MAX = 3
/** They go when the document leaves its cache. */
const operations = new WeakMap<OperationDefinitionNode, Kept>()

/** An operation, and the plans of its root fields. Those of nested fields are made when they are first reached. */
export function planOperation(
  schema: GraphQLSchema,
  { document, node, variables }: { document: DocumentNode; node: OperationDefinitionNode; variables: VariableValues },
): { operation: Operation; fields: readonly FieldPlan[] } {
  const kept = operations.get(node) ?? keep({ schema, node, fragments: fragmentsOf(document) })
  const { operation, conditions, byValues } = kept
  const values = conditions.map((name) => variables.coerced[name]).join()
  let fieldsOf = byValues.get(values)
  if (!fieldsOf) {
    // Only these: plans outlive their first request.
    const pick = <Value>(all: Readonly<Record<string, Value>>) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => conditions.includes(name)))
    const own = { sources: pick(variables.sources), coerced: pick(variables.coerced) }
    fieldsOf = planFields({ ...operation, variables: own }, [node.selectionSet])
    if (conditions.length <= CONDITIONS_MAX) byValues.set(values, fieldsOf)
  }
  return { operation, fields: fieldsOf(schema.getRootType(node.operation) as GraphQLObjectType) }
}

function keep(operation: Operation): Kept {
  const kept = { operation, conditions: conditionsOf(operation), byValues: new Map() }
  operations.set(operation.node, kept)
  return kept
}

const fragmentsOf = ({ definitions }: DocumentNode) =>
  Object.fromEntries(
    definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])),
  )

/** Variables of fragments that this operation does not use do no harm. */
function conditionsOf({ node, fragments }: Operation): string[] {
  const names = new Set<string>()
  for (const definition of [node, ...Object.values(fragments)])
    visit(definition, {
      Directive: ({ arguments: given = [] }) => {
        for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
      },
    })
  return [...names]
}

function planFields(planning: Planning, selections: readonly SelectionSetNode[]): FieldsOf {
  const byType = new Map<GraphQLObjectType, readonly FieldPlan[]>()
  return (type) => {
    let fields = byType.get(type)
    if (!fields) {
      const nodes = new Map<string, FieldNode[]>()
      const seen = new Set<string>()
      for (const { selections: all } of selections) collectFields(planning, { type, all, nodes, seen })
      fields = [...nodes].map(([key, same]) => planField(planning, { key, nodes: same, type }))
      byType.set(type, fields)
    }
    return fields
  }
}

/** As CollectFields of the GraphQL specification, by their names in the response. */
function collectFields(
  planning: Planning,
  selected: {
    readonly type: GraphQLObjectType
    readonly all: readonly SelectionNode[]
    readonly nodes: Map<string, FieldNode[]>
    /** The fragments visited so far. */
    readonly seen: Set<string>
  },
): void {
  const { schema, fragments } = planning
  const { type, all, nodes, seen } = selected
  for (const node of all) {
    if (!isIncluded(node, planning.variables)) continue
    if (node.kind === Kind.FIELD) {
      const key = (node.alias ?? node.name).value
      const same = nodes.get(key)
      if (same) same.push(node)
      else nodes.set(key, [node])
      continue
    }
    const name = node.kind === Kind.FRAGMENT_SPREAD ? node.name.value : null
    if (name !== null && seen.has(name)) continue
    if (name !== null) seen.add(name)
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments[node.name.value] : node
    if (fragment && isOf(type, fragment.typeCondition?.name.value))
      collectFields(planning, { ...selected, all: fragment.selectionSet.selections })
  }

  function isOf(object: GraphQLObjectType, condition: string | undefined): boolean {
    if (condition === undefined || condition === object.name) return true
    const wanted = schema.getType(condition)
    return isAbstractType(wanted) && schema.isSubType(wanted, object)
  }
}

function isIncluded(node: SelectionNode, variables: VariableValues): boolean {
  if (!node.directives?.length) return true
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false
  )
}

function planField(
  planning: Planning,
  { key, nodes, type }: { key: string; nodes: FieldNode[]; type: GraphQLObjectType },
): FieldPlan {
  const [node] = nodes
  const field = node && planning.schema.getField(type, node.name.value)
  if (!node || !field) throw new Error(`${type.name} has no field ${key}, although the document is valid`)
  const selections = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  return {
    key,
    nodes,
    parentType: type,
    field,
    resolve: field.resolve ?? defaultFieldResolver,
    args: hasVariables(node) ? null : constantArguments(field, node),
    shape: shapeOf(field.type, planFields(planning, selections)),
  }
}

function hasVariables({ arguments: given = [] }: FieldNode): boolean {
  const found: string[] = []
  for (const { value } of given) visit(value, { Variable: ({ name }) => void found.push(name.value) })
  return found.length > 0
}

/** Frozen, because all requests share them. Null if they are invalid, which is an error of each request. */
function constantArguments(field: GraphQLField<unknown, unknown>, node: FieldNode): Arguments | null {
  try {
    return Object.freeze(getArgumentValues(field, node))
  } catch {
    return null
  }
}

function shapeOf(type: GraphQLOutputType, fieldsOf: FieldsOf): Shape {
  const isNullable = !isNonNullType(type)
  const inner = isNonNullType(type) ? type.ofType : type
  if (isListType(inner)) return { isNullable, kind: 'LIST', item: shapeOf(inner.ofType, fieldsOf) }
  if (isLeafType(inner)) return { isNullable, kind: 'LEAF', type: inner }
  if (isAbstractType(inner)) return { isNullable, kind: 'ABSTRACT', type: inner, fieldsOf }
  return { isNullable, kind: 'OBJECT', type: inner as GraphQLObjectType, fieldsOf }
}
