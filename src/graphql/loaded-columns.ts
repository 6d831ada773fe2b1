import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import {
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import { printGlobalId } from '../core/global-id.ts'

const NAME = 'loadedColumns' as const
export default NAME

type Resolver = GraphQLFieldResolver<unknown, object, object>
type Loaded = Readonly<Record<string, unknown>>

/**
 * Resolves fields directly from a row that has what they need: its columns, its node id, fields that are computed from its columns, and
 * relations of which only such fields are selected. Pothos would look up for each field of each row whether its plan selected them, and
 * create a promise for each id, which takes a tenth of a page's CPU time. What is not loaded yet is left to Pothos.
 */
class LoadedColumnsPlugin extends BasePlugin<SchemaTypes> {
  override wrapResolve(resolver: Resolver, config: PothosOutputFieldConfig<SchemaTypes>): Resolver {
    const { extensions, name, parentType } = config
    const isModel = Boolean(this.buildCache.getTypeConfig(parentType).extensions?.pothosPrismaModel)
    if (!isModel) return resolver
    if (name === 'id') {
      return (parent, args, context, info) => {
        const { id } = parent as Loaded
        return typeof id === 'number' ? printGlobalId(parentType, id) : resolver(parent, args, context, info)
      }
    }
    const column = extensions?.pothosExposedField
    if (typeof column === 'string') {
      return (parent, args, context, info) => {
        const value = (parent as Loaded)[column]
        return value === undefined ? resolver(parent, args, context, info) : value
      }
    }
    const own = config.resolve as Resolver | undefined
    const columns = columnsIn(extensions?.pothosPrismaSelect)
    const relation = (extensions?.pothosPrismaRelationField as { name?: string } | undefined)?.name
    if (own && relation) {
      return (parent, args, context, info) =>
        (isFlat(info) && (parent as Loaded)[relation] !== undefined ? own : resolver)(parent, args, context, info)
    }
    if (!own || !columns) return resolver
    return (parent, args, context, info) =>
      (columns.every((each) => (parent as Loaded)[each] !== undefined) ? own : resolver)(parent, args, context, info)
  }
}

const flat = new WeakMap<readonly FieldNode[], boolean>()

/** Whether a selection has only what is resolved here: Pothos then needs no plan for what is below. */
function isFlat({ fieldNodes, returnType }: GraphQLResolveInfo): boolean {
  let known = flat.get(fieldNodes)
  if (known === undefined) {
    const type = getNamedType(returnType)
    const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}
    const isOwn = (name: string) => {
      const { pothosExposedField, pothosPrismaSelect } = fields[name]?.extensions ?? {}
      return name === 'id' || typeof pothosExposedField === 'string' || columnsIn(pothosPrismaSelect) !== null
    }
    const selected = fieldNodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? [])
    known = selected.every((node) => node.kind === Kind.FIELD && isOwn(node.name.value))
    flat.set(fieldNodes, known)
  }
  return known
}

type Columns = Readonly<Record<string, true>> & { readonly id: true }

const ofNodes = new WeakMap<readonly FieldNode[], Columns | null>()

/**
 * The columns that a connection has to load, if all that is selected of its nodes is resolved here: they are the same for every request,
 * while Pothos would plan each. Null if it has to, also for what depends on directives.
 */
export function columnsOfNodes(info: GraphQLResolveInfo): Columns | null {
  let known = ofNodes.get(info.fieldNodes)
  if (known === undefined) {
    known = collectColumns(info)
    ofNodes.set(info.fieldNodes, known)
  }
  return known
}

function collectColumns({ fieldNodes, returnType, fragments }: GraphQLResolveInfo): Columns | null {
  const connection = getNamedType(returnType)
  const type = isObjectType(connection) ? getNamedType(connection.getFields().nodes?.type) : undefined
  const ofType = columnsIn(columnSelect(type))
  if (!ofType || !(isObjectType(type) || isInterfaceType(type))) return null
  const columns = new Set(['id', ...ofType])
  const isKnown = belowAll(fieldNodes, { type: connection.name, each: readConnection })
  return isKnown ? Object.freeze(Object.fromEntries([...columns].map((name) => [name, true])) as Columns) : null

  function readConnection(node: FieldNode): boolean {
    if (node.name.value === 'nodes') return belowAll([node], { type: type?.name, each: readNode })
    if (node.name.value !== 'edges') return true
    const ofEdge = (inner: FieldNode) =>
      inner.name.value !== 'node' || belowAll([inner], { type: type?.name, each: readNode })
    return belowAll([node], { type: undefined, each: ofEdge })
  }

  function readNode({ name: { value: name } }: FieldNode): boolean {
    if (name === '__typename') return true
    const { pothosExposedField: column, pothosPrismaSelect } =
      (type as GraphQLObjectType).getFields()[name]?.extensions ?? {}
    const needed = typeof column === 'string' ? [column] : name === 'id' ? [] : columnsIn(pothosPrismaSelect)
    for (const each of needed ?? []) columns.add(each)
    return needed !== null
  }

  /** Whether `each` is true of all fields below the nodes, also those in fragments on `type`. False if there are directives. */
  function belowAll(
    nodes: readonly { readonly selectionSet?: SelectionSetNode | undefined }[],
    options: { readonly type: string | undefined; readonly each: (node: FieldNode) => boolean },
  ): boolean {
    const { type: name, each } = options
    return nodes
      .flatMap(({ selectionSet }) => selectionSet?.selections ?? [])
      .every((node) => {
        if (node.directives?.length) return false
        if (node.kind === Kind.FIELD) return each(node)
        const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments[node.name.value] : node
        const condition = fragment?.typeCondition?.name.value
        return fragment !== undefined && (condition ?? name) === name && belowAll([fragment], options)
      })
  }
}

/** What Pothos loads of every object of a type, if it is a selection. */
const columnSelect = (type: GraphQLNamedType | undefined): unknown =>
  (type?.extensions.pothosPrismaTypeSelection as { select?: unknown } | undefined)?.select

/** The names in a selection of columns only; null for any other. */
function columnsIn(select: unknown): readonly string[] | null {
  if (typeof select !== 'object' || select === null) return null
  return Object.values(select).every((value) => value === true) ? Object.keys(select) : null
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      [NAME]: LoadedColumnsPlugin & { readonly types?: Types }
    }
  }
}

SchemaBuilder.registerPlugin(NAME, LoadedColumnsPlugin as never)
