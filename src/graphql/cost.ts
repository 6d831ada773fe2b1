import { getMappedArgumentValues } from '@pothos/core'
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  getVariableValues,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionSetNode,
} from 'graphql'

/** The cost of an operation in points. */
export interface Cost {
  readonly total: number
  /** The selected field that accounts for most of it, as a path such as `vendors.nodes.families`. */
  readonly costliest: { readonly path: readonly string[]; readonly cost: number } | null
}
type Complexity = number | { readonly field?: number; readonly multiplier?: number }

const NOTHING: Cost = { total: 0, costliest: null }

/** Introspection reads no database, but the whole schema has 300 kB: `__schema` and `__type` cost what their CPU time costs elsewhere. */
const INTROSPECTION_COSTS: Readonly<Record<string, number>> = { __schema: 15_000, __type: 500 }

/**
 * What a field costs for each statement that it sends, so that none of the documents that may cost 60,000 takes more than 200.
 * test/long/graphql-cost.test.ts counts them.
 */
export const STATEMENT_COST = 300

/** Fields at the root send a statement at least, mutations up to ten. */
const ROOT_COSTS: Readonly<Record<OperationTypeNode, number>> = {
  query: STATEMENT_COST,
  mutation: 10 * STATEMENT_COST,
  subscription: STATEMENT_COST,
}

/**
 * What an operation may cost at most, from the `complexity` of its fields: a connection counts everything below it once for each row it
 * may return. Null if its variables do not match the schema, which the execution reports. The costliest field is found by
 * descending as long as one field has more than half of its parent's cost.
 */
export function costOf(
  schema: GraphQLSchema,
  {
    operation,
    fragments,
    variables,
  }: {
    readonly operation: OperationDefinitionNode
    readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
    readonly variables: Readonly<Record<string, unknown>>
  },
): Cost | null {
  const root = schema.getRootType(operation.operation)
  const { variableValues } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 })
  if (!root || !variableValues) return null
  // Complexities depend on a field's arguments alone.
  const info = { variableValues } as unknown as GraphQLResolveInfo
  const known = new Map<SelectionSetNode, Map<GraphQLCompositeType, Cost>>()
  return costOfSelection(operation.selectionSet, root)

  /** Each fragment is visited once: nested spreads would otherwise multiply the visits exponentially. */
  function costOfSelection(selected: SelectionSetNode, type: GraphQLCompositeType): Cost {
    const before = known.get(selected)?.get(type)
    if (before) return before
    let total = 0
    let most = NOTHING
    for (const node of selected.selections) {
      const cost = node.kind === Kind.FIELD ? costOfField(node, type) : costOfFragment(node, type)
      total += cost.total
      if ((cost.costliest?.cost ?? 0) > (most.costliest?.cost ?? 0)) most = cost
    }
    const cost = { total, costliest: most.costliest }
    known.set(selected, (known.get(selected) ?? new Map()).set(type, cost))
    return cost
  }

  function costOfFragment(
    node: Exclude<SelectionSetNode['selections'][number], FieldNode>,
    type: GraphQLCompositeType,
  ): Cost {
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node
    if (!fragment) return NOTHING
    const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value)
    return costOfSelection(fragment.selectionSet, isCompositeType(condition) ? condition : type)
  }

  function costOfField(node: FieldNode, type: GraphQLCompositeType): Cost {
    const name = node.name.value
    const introspection = INTROSPECTION_COSTS[name]
    if (introspection !== undefined) return { total: introspection, costliest: { path: [name], cost: introspection } }
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
    if (!field) return NOTHING
    const complexity = complexityOf(field, node)
    if (complexity === null) return NOTHING
    const { field: own = 1, multiplier = 1 } = typeof complexity === 'object' ? complexity : { field: complexity }
    const below = getNamedType(field.type)
    const inner = node.selectionSet && isCompositeType(below) ? costOfSelection(node.selectionSet, below) : NOTHING
    const total =
      own + inner.total * multiplier + (type === root && name !== '__typename' ? ROOT_COSTS[operation.operation] : 0)
    const path = [name, ...(inner.costliest?.path ?? [])]
    const innermost = (inner.costliest?.cost ?? 0) * multiplier
    return {
      total,
      costliest: innermost * 2 > total ? { path, cost: innermost } : { path: path.slice(0, 1), cost: total },
    }
  }
  /** Null for arguments that the field refuses: nothing below it is executed then. */
  function complexityOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Complexity | undefined | null {
    const option = field.extensions.complexity as Complexity | ((...args: unknown[]) => Complexity) | undefined
    if (typeof option !== 'function') return option
    try {
      return option(getMappedArgumentValues(field, node, {}, info), {}, field)
    } catch {
      return null
    }
  }
}
