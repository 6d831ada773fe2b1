import type { InterfaceRef, ObjectRef } from '@pothos/core'
import { queryFromInfo } from '@pothos/plugin-prisma'
import { type GraphQLObjectType, type GraphQLResolveInfo, getNamedType, Kind } from 'graphql'
import { AppError } from '../core/errors.ts'
import { builder, type Context, PAGE_DEFAULT, PAGE_MAX, type SchemaTypes } from './builder.ts'
import { parseCursor, printCursor } from './cursor.ts'
import { columnsOfNodes } from './loaded-columns.ts'

/** Relay connections, paged by primary key, never by OFFSET. */

/** Fields under which a connection selects from its rows. */
const NODES = [[{ name: 'nodes' }], [{ name: 'edges' }, { name: 'node' }]]

type Ref<T> = ObjectRef<SchemaTypes, T> | InterfaceRef<SchemaTypes, T>
type Order = 'asc' | 'desc'

export interface PageArgs {
  readonly first?: number | null | undefined
  readonly last?: number | null | undefined
  readonly after?: string | null | undefined
  readonly before?: string | null | undefined
}

/** The arguments for Prisma: one row more than the page has, which tells whether another page follows. */
export interface PageQuery {
  readonly take: number
  readonly orderBy: { readonly id: Order }
  readonly where: { readonly id?: { readonly gt: number } | { readonly lt: number } }
}

/** The only connection type of a domain type, `XConnection`, for all fields. totalCount costs a COUNT only if selected. */
export const connectionOf = <T extends object>(name: string, type: Ref<T>) =>
  builder.connectionObject({
    type: type as ObjectRef<SchemaTypes, T>,
    name: `${name}Connection`,
    fields: (t) => ({
      totalCount: t.int({
        description: 'The number of results on all pages. It takes a count query, so request it only if you show it.',
        resolve: (page) => {
          const { totalCount } = page as { totalCount?: number | (() => number | Promise<number>) }
          return typeof totalCount === 'function' ? totalCount() : (totalCount ?? 0)
        },
      }),
    }),
  })

/** A connection costs what it may return: every field below it counts once for each node. */
export const pageComplexity = ({ first, last }: PageArgs) => ({
  field: 1,
  multiplier: Math.min(Math.max(first ?? last ?? PAGE_DEFAULT, 1), PAGE_MAX),
})

/**
 * Reads the page of a root field, for its `resolve`.
 * @param options.find reads the rows of a query, to be merged with the field's own filter
 * @param options.count counts all rows; called only if totalCount is selected
 */
export async function readPage(
  { args, context, info }: { args: PageArgs; context: Context; info: GraphQLResolveInfo },
  options: {
    order: Order
    find: (query: PageQuery & { select: { id: true } }) => PromiseLike<readonly Row[]>
    count: () => PromiseLike<number>
  },
): Promise<never> {
  const connection = connectionName(info)
  const page = pageQuery(connection, args, options.order)
  const selection = selectNodes(context, info)
  const rows = isCountOnly(namesIn(info)) ? [] : await options.find({ ...selection, ...page })
  // Pothos's types expect whole rows; these hold only the selected columns.
  let count: Promise<number> | undefined
  // Once, however many aliases ask for it.
  const totalCount = () => (count ??= Promise.resolve(options.count()))
  return toConnection(connection, { rows, args, page, totalCount }) as never
}

export const connectionName = ({ parentType, fieldName }: GraphQLResolveInfo): string =>
  `${parentType.name}.${fieldName}`

/** The Prisma query for a connection's nodes. */
export function selectNodes(context: Context, info: GraphQLResolveInfo): { select: { id: true } } {
  const columns = columnsOfNodes(info)
  if (columns) return { select: columns }
  const { nodes } = (getNamedType(info.returnType) as GraphQLObjectType).getFields()
  const typeName = getNamedType(nodes?.type)?.name
  return queryFromInfo({
    context,
    info,
    select: { id: true },
    paths: NODES.map((path) => path.map(({ name }) => name)),
    ...(typeName ? { typeName } : {}),
  })
}

/** Whether the selection needs rows, not only facts about the whole list. */
export const hasRows = (info: GraphQLResolveInfo): boolean => !isCountOnly(namesIn(info))

/** Names of the selected fields; a fragment counts as one field. */
const namesIn = ({ fieldNodes }: GraphQLResolveInfo): string[] =>
  fieldNodes.flatMap(({ selectionSet }) =>
    (selectionSet?.selections ?? []).map((node) => (node.kind === Kind.FIELD ? node.name.value : node.kind)),
  )

/**
 * The options of a connection field over a relation: its rows are read in the same statement as their owners, for all owners in the
 * response at once.
 * @param relation of the Prisma model of type `owner`
 * @param options.where a filter on its rows, for the caller
 */
export function relatedPage<T extends object>(
  owner: string,
  relation: string,
  { type, where = () => ({}) }: { type: Ref<T>; where?: (context: Context) => object },
) {
  const connection = `${owner}.${relation}`
  // Like Pothos's t.relatedConnection, which however only continues from a cursor while its row exists.
  const select = (
    args: PageArgs,
    context: Context,
    nested: (query: PageQuery, at: object) => { select?: object },
    selected: () => ReadonlySet<string>,
  ) => {
    const typeName = () => builder.configStore.getTypeConfig(type as ObjectRef<SchemaTypes, T>).name
    const filter = where(context)
    const page = pageQuery(connection, args, 'asc')
    const rows = nested({ ...page, where: { ...filter, ...page.where } }, { getType: typeName, paths: NODES })
    const names = selected()
    return {
      select: {
        ...(names.has('totalCount') ? { _count: { select: { [relation]: { where: filter } } } } : {}),
        ...(isCountOnly([...names]) ? {} : { [relation]: withId(rows) }),
      },
    }
  }
  return {
    type: type as ObjectRef<SchemaTypes, T>,
    complexity: pageComplexity,
    extensions: { pothosPrismaSelect: select },
    resolve: (parent: object, args: PageArgs) => {
      const loaded = parent as Record<string, Row[]> & { _count?: Record<string, number> }
      const [rows, totalCount] = [loaded[relation] ?? [], loaded._count?.[relation]]
      return toConnection(connection, { rows, args, page: pageQuery(connection, args, 'asc'), totalCount }) as never
    },
  }
}

const isCountOnly = (names: readonly string[]): boolean => names.every((name) => ABOUT_ALL.has(name))

const ABOUT_ALL = new Set(['totalCount', 'facets', 'didYouMean', '__typename'])

/** Cursors contain it, whatever is selected. */
const withId = ({ select, ...query }: { select?: object }) =>
  select ? { ...query, select: { ...select, id: true } } : query

interface Row {
  readonly id: number
}

/** The cursor that a page continues from, and its rows plus one extra. Throws BAD_INPUT. */
export function checkPage({ first, last, after, before }: PageArgs): { cursor: string | null; rows: number } {
  for (const [name, count] of Object.entries({ first, last }))
    if (isGiven(count) && (count < 0 || count > PAGE_MAX))
      throw new AppError(
        'BAD_INPUT',
        `${name} is ${count}: give 0 to ${PAGE_MAX}, and use cursors to get further pages.`,
      )
  const isForward = isGiven(first) || isGiven(after)
  if (isForward && (isGiven(last) || isGiven(before)))
    throw new AppError('BAD_INPUT', 'A page needs "first" and "after", or "last" and "before"; do not mix them.')
  return { cursor: after ?? before ?? null, rows: (first ?? last ?? PAGE_DEFAULT) + 1 }
}

/** The rows after the cursor, or before it, whether its own row still exists or not. Throws BAD_INPUT. */
function pageQuery(connection: string, args: PageArgs, order: Order): PageQuery {
  const { after } = args
  const { cursor, rows } = checkPage(args)
  const id = isGiven(cursor) ? parseCursor(connection, cursor) : null
  const isUpwards = (order === 'asc') === isGiven(after)
  return {
    take: isBackward(args) ? -rows : rows,
    orderBy: { id: order },
    where: id === null ? {} : { id: isUpwards ? { gt: id } : { lt: id } },
  }
}

export const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined
export const isBackward = ({ before, last }: PageArgs): boolean => isGiven(before) || isGiven(last)

function toConnection(
  connection: string,
  { rows, args, page, totalCount }: { rows: readonly Row[]; args: PageArgs; page: PageQuery; totalCount: unknown },
) {
  const { hasMore, kept } = withoutExtra(rows, { args, take: Math.abs(page.take) })
  // Most clients select only the nodes, so a cursor is printed only when it is read.
  const edges = kept.map((node) => ({
    node,
    get cursor() {
      return printCursor(connection, node.id)
    },
  }))
  return { totalCount, ...connectEdges(edges, { args, hasMore }) }
}

/** The rows of a page without the extra one that shows whether more follow. */
export function withoutExtra<R>(rows: readonly R[], { args, take }: { args: PageArgs; take: number }) {
  const hasMore = rows.length === take
  return { hasMore, kept: !hasMore ? rows : isBackward(args) ? rows.slice(1) : rows.slice(0, -1) }
}

/** Edges and pageInfo as Relay defines them. */
export function connectEdges<E extends { readonly cursor: string }>(
  edges: readonly E[],
  { args, hasMore }: { args: PageArgs; hasMore: boolean },
) {
  return {
    edges,
    pageInfo: {
      // The cursor came from a row in that direction.
      hasNextPage: isGiven(args.before) || (hasMore && !isBackward(args)),
      hasPreviousPage: isGiven(args.after) || (hasMore && isBackward(args)),
      get startCursor() {
        return edges[0]?.cursor ?? null
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null
      },
    },
  }
}
