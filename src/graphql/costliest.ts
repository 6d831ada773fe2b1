import { getMappedArgumentValues } from '@pothos/core'
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLResolveInfo,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'

interface Cost {
  readonly total: number
  /** The selected field that accounts for most of the cost. */
  readonly costliest: { readonly path: readonly string[]; readonly cost: number } | null
}
type Complexity = number | { readonly field?: number; readonly multiplier?: number }

const NOTHING: Cost = { total: 0, costliest: null }

/**
 * The path of the field that accounts for most of an operation's complexity, such as `vendors.nodes.families`, for the message that
 * refuses the operation. It descends as long as one field has more than half of its parent's cost.
 */
export function costliestField(context: object, info: GraphQLResolveInfo): { path: string; cost: number } | null {
  const root = info.schema.getRootType(info.operation.operation)
  const known = new Map<SelectionSetNode, Map<GraphQLCompositeType, Cost>>()
  const { costliest } = root ? costOf(info.operation.selectionSet, root) : NOTHING
  return costliest && { path: costliest.path.join('.'), cost: costliest.cost }

  /** Each fragment is visited once: nested spreads would otherwise multiply the visits exponentially. */
  function costOf(selected: SelectionSetNode, type: GraphQLCompositeType): Cost {
    const before = known.get(selected)?.get(type)
    if (before) return before
    const costs = selected.selections.map((node) => {
      if (node.kind === Kind.FIELD) return costOfField(node, type)
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? info.fragments[node.name.value] : node
      const condition = fragment?.typeCondition && info.schema.getType(fragment.typeCondition.name.value)
      return fragment ? costOf(fragment.selectionSet, isCompositeType(condition) ? condition : type) : NOTHING
    })
    const [most = NOTHING] = costs.toSorted((a, b) => (b.costliest?.cost ?? 0) - (a.costliest?.cost ?? 0))
    const cost = { total: costs.reduce((sum, { total }) => sum + total, 0), costliest: most.costliest }
    known.set(selected, (known.get(selected) ?? new Map()).set(type, cost))
    return cost
  }

  function costOfField(node: FieldNode, type: GraphQLCompositeType): Cost {
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined
    if (!field) return NOTHING
    const option = field.extensions.complexity as Complexity | ((...args: unknown[]) => Complexity) | undefined
    const complexity =
      typeof option === 'function'
        ? option(getMappedArgumentValues(field, node, context, info), context, field)
        : option
    const { field: own = 1, multiplier = 1 } = typeof complexity === 'object' ? complexity : { field: complexity }
    const below = getNamedType(field.type)
    const inner = node.selectionSet && isCompositeType(below) ? costOf(node.selectionSet, below) : NOTHING
    const total = own + inner.total * multiplier
    const path = [node.name.value, ...(inner.costliest?.path ?? [])]
    const innermost = (inner.costliest?.cost ?? 0) * multiplier
    return {
      total,
      costliest: innermost * 2 > total ? { path, cost: innermost } : { path: path.slice(0, 1), cost: total },
    }
  }
}
