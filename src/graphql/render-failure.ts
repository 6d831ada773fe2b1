import { resolveScope, whereScope } from '../catalogue/scope.ts'
import { AppError, isErrorCode, remedyOf } from '../core/errors.ts'
import { countFailures } from '../variants/failures.ts'
import { retryItem } from '../variants/retry.ts'
import { builder, type Context } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { whereItemId } from './ids.ts'
import { ItemRef } from './item.ts'
import { SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'
import { reachable } from './visible.ts'

const SCOPES = { token: ['operations:read', 'backfill:write'] } as const

/** There may be dozens. */
const LIST_COMPLEXITY = 10

export const RenderFailureRef = builder.prismaNode('RenderFailure', {
  id: { field: 'id' },
  authScopes: SCOPES,
  description: 'Why an item has no pictures.',
  select: { id: true },
  fields: (t) => ({
    item: t.relation('item', { description: 'The item that has no pictures.' }),
    code: t.exposeString('code', { description: 'A reason code from the error catalogue.' }),
    message: t.exposeString('message', { description: 'What is wrong with the source.' }),
    remedy: t.string({
      description: 'What would mend it, by its code.',
      select: { code: true },
      resolve: ({ code }) => remedyOf(code),
    }),
    warnings: t.exposeStringList('warnings', {
      complexity: LIST_COMPLEXITY,
      description: 'Codes for what had been left out of the source, or might look different, when it failed.',
    }),
    attempts: t.exposeInt('attempts', { description: 'Number of attempts so far with this source and renderer.' }),
    lastAt: t.expose('lastAt', { type: 'DateTime', description: 'When the last attempt was made.' }),
  }),
})

export const RenderFailureConnection = connectionOf('RenderFailure', RenderFailureRef)

builder.queryField('failures', (t) =>
  t.connection(
    {
      type: RenderFailureRef,
      authScopes: SCOPES,
      description:
        'Items whose source cannot be rendered, and why. The full list is available as JSON Lines at /failures.jsonl.',
      complexity: pageComplexity,
      args: {
        scope: t.arg({ type: ScopeInputRef, description: 'The whole catalogue if omitted.' }),
        in: t.arg({ type: ScopeRef, description: SAME_AS_SCOPE }),
        code: t.arg.string({ description: 'A reason code.' }),
      },
      resolve: async (_root, args, context, info) => {
        const { renderFailure } = context.app.prisma
        const filter = await whereFailures(args, context)
        const find = ({ where, ...query }: PageQuery) =>
          renderFailure.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => renderFailure.count({ where: filter })
        return readPage({ args, context, info }, { order: 'asc', find, count })
      },
    },
    RenderFailureConnection,
  ),
)

const FailureCountRef = builder.objectRef<{ code: string; count: number }>('FailureCount').implement({
  authScopes: SCOPES,
  description: 'How many items have failed for a reason.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A reason code from the error catalogue.' }),
    count: t.exposeInt('count', { description: 'Number of items.' }),
  }),
})

/** It reads all failures of the scope. */
const COUNT_COMPLEXITY = 500

builder.queryField('failureCounts', (t) =>
  t.field({
    type: [FailureCountRef],
    authScopes: SCOPES,
    description: 'The failures of a scope by their codes, most frequent first.',
    complexity: COUNT_COMPLEXITY,
    args: {
      scope: t.arg({ type: ScopeInputRef, description: 'The whole catalogue if omitted.' }),
      in: t.arg({ type: ScopeRef, description: SAME_AS_SCOPE }),
    },
    resolve: async (_root, args, context) => {
      const { app, caller } = context
      return await countFailures(
        app.pg,
        await resolveScope(app.prisma, scopeOf(args), caller.vendor, reachable(context)),
      )
    },
  }),
)

builder.mutationField('retryItem', (t) =>
  t.prismaField({
    type: ItemRef,
    authScopes: { token: 'backfill:write' },
    description:
      "Has the next free worker try the item's source again, ahead of backfills, whatever its last attempt found; its failure is not final until then. Without a failure it makes the pictures that the item lacks. NOT_FOUND for an unknown item, GONE if it is taken down.",
    args: { id: t.arg.id({ required: true, description: 'A unique id or a node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app, caller } = context
      const where = whereItemId(id)
      const bound = { ...(caller.vendor ? { vendorId: caller.vendor.id } : {}), ...reachable(context) }
      const item = where && (await app.prisma.item.findUnique({ where: { ...where, ...bound }, select: { id: true } }))
      if (!item) throw new AppError('NOT_FOUND', `There is no item ${JSON.stringify(id.slice(0, 100))}.`)
      await retryItem(app.pg, item.id)
      return app.prisma.item.findUniqueOrThrow({ ...query, where: { id: item.id } })
    },
  }),
)

async function whereFailures(
  args: Parameters<typeof scopeOf>[0] & { code?: string | null },
  context: Context,
): Promise<{ item: ReturnType<typeof whereScope>; code?: string }> {
  const { code } = args
  if (code && !isErrorCode(code))
    throw new AppError('BAD_INPUT', `There is no code ${JSON.stringify(code.slice(0, 100))} in the error catalogue.`)
  const visible = reachable(context)
  const { app, caller } = context
  const found = await resolveScope(app.prisma, scopeOf(args), caller.vendor, visible)
  return { item: { ...whereScope(found), ...visible }, ...(code ? { code } : {}) }
}
