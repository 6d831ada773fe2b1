import { brandWithType } from '@pothos/core'
import { queryFromInfo } from '@pothos/plugin-prisma'
import type { GraphQLResolveInfo } from 'graphql'
import type { Caller } from '../access/caller.ts'
import { AppError } from '../core/errors.ts'
import { isRowId } from '../core/global-id.ts'
import type { Prisma } from '../db/database.ts'
import { builder, type Context } from './builder.ts'
import { isGiven } from './connection.ts'
import { parseIds } from './ids.ts'
import { own } from './own.ts'
import { reachable } from './visible.ts'

/** A page of each of ten types; the rows of each type are read in one statement. */
const IDS_MAX = 1000

interface Query {
  readonly select: { readonly id: true }
  readonly where: { readonly id: { readonly in: number[] } }
}
type Find = (prisma: Prisma, query: Query, caller: Caller) => PromiseLike<readonly { readonly id: number }[]>

/** How to find the rows of each type that has node ids. test/graphql-paging.test.ts checks that it is complete. */
export const FINDERS: Readonly<Record<string, Find>> = {
  Vendor: ({ vendor }, query, caller) => vendor.findMany(ofCatalogue(query, caller)),
  Family: ({ family }, query, caller) =>
    family.findMany({ ...ofCatalogue(query, caller), where: { ...query.where, ...reachable({ caller }) } }),
  IconSet: ({ iconSet }, query, caller) =>
    iconSet.findMany({ ...ofCatalogue(query, caller), where: { ...query.where, ...reachable({ caller }) } }),
  Icon: ({ item }, query, caller) =>
    item.findMany({ ...ofCatalogue(query, caller), where: { ...query.where, ...reachable({ caller }), kind: 'ICON' } }),
  Illustration: ({ item }, query, caller) =>
    item.findMany({
      ...ofCatalogue(query, caller),
      where: { ...query.where, ...reachable({ caller }), kind: 'ILLUSTRATION' },
    }),
  Backfill: ({ backfill }, query, caller) =>
    backfill.findMany({ ...query, where: { ...query.where, ...own('Backfill', caller) } }),
  RenderFailure: ({ renderFailure }, query, caller) =>
    renderFailure.findMany({
      ...query,
      where: { ...query.where, AND: [own('RenderFailure', caller), { item: reachable({ caller }) }] },
    }),
  TakeDown: ({ takeDown }, query, caller) =>
    takeDown.findMany({ ...query, where: { ...query.where, ...own('TakeDown', caller) } }),
  Upload: ({ upload }, query, caller) =>
    upload.findMany({ ...query, where: { ...query.where, ...own('Upload', caller) } }),
  UploadProblem: ({ uploadProblem }, query, caller) =>
    uploadProblem.findMany({ ...query, where: { ...query.where, ...own('UploadProblem', caller) } }),
  Webhook: ({ webhook }, query, caller) =>
    webhook.findMany({ ...query, where: { ...query.where, ...own('Webhook', caller) } }),
  Token: ({ token }, query, caller) => token.findMany({ ...query, where: { ...query.where, ...own('Token', caller) } }),
  AuditEntry: ({ auditEntry }, query, caller) =>
    auditEntry.findMany({ ...query, where: { ...query.where, ...own('AuditEntry', caller) } }),
  DeadLetter: ({ deadLetter }, query, caller) =>
    deadLetter.findMany({ ...query, where: { ...query.where, ...own('DeadLetter', caller) } }),
}

/** The query as it is. Throws FORBIDDEN for a caller who may not read the catalogue: these types are public, and declare no scope. */
function ofCatalogue<Q>(query: Q, { scopes }: Caller): Q {
  if (scopes.has('catalogue:read')) return query
  throw new AppError(
    'FORBIDDEN',
    'The catalogue needs the header "Authorization: Bearer TOKEN" with a token of scope catalogue:read.',
  )
}

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: 'Null if the id is malformed or unknown.',
    args: { id: t.arg.id({ required: true, description: 'A node id, or the unique id of an item, set or family.' }) },
    resolve: async (_root, { id }, context, info) => (await findNodes([id], { context, info }))[0] ?? null,
  }),
  nodes: t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: `In the order of the ids, at most ${IDS_MAX}; null for an id that is malformed or unknown.`,
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(ids.length, 1) }),
    args: {
      ids: t.arg.idList({ required: true, description: 'Node ids, or unique ids of items, sets and families.' }),
    },
    resolve: (_root, { ids }, context, info) => findNodes(ids, { context, info }),
  }),
}))

/** The rows of node ids, in one statement for each type. */
async function findNodes(
  texts: readonly string[],
  { context, info }: { context: Context; info: GraphQLResolveInfo },
): Promise<({ id: number } | null)[]> {
  if (texts.length > IDS_MAX)
    throw new AppError('BAD_INPUT', `ids has ${texts.length} entries; at most ${IDS_MAX} are allowed.`)
  const wanted = await parseIds(context.app.prisma, texts, reachable(context))
  const rows = new Map<string, { id: number }>()
  const byType = Map.groupBy(wanted.filter(isGiven), ({ typename }) => typename)
  await Promise.all(
    [...byType].map(async ([typename, ids]) => {
      const find = Object.hasOwn(FINDERS, typename) ? FINDERS[typename] : undefined
      const numbers = new Set(ids.map(({ id }) => Number(id)).filter(isRowId))
      if (!find || numbers.size === 0) return
      const selection = queryFromInfo({ context, info, typeName: typename, select: { id: true } })
      for (const row of await find(
        context.app.prisma,
        { ...selection, where: { id: { in: [...numbers] } } },
        context.caller,
      )) {
        brandWithType(row, typename as never)
        rows.set(`${typename}:${row.id}`, row)
      }
    }),
  )
  return wanted.map((id) => (id && rows.get(`${id.typename}:${id.id}`)) ?? null)
}
