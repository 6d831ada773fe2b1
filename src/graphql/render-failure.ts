import { resolveScope, whereScope } from '../catalogue/scope.ts'
import { AppError, ERRORS } from '../core/errors.ts'
import { builder, type Context } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'

const SCOPES = { token: ['operations:read', 'backfill:write'] } as const

export const RenderFailureRef = builder.prismaNode('RenderFailure', {
  id: { field: 'id' },
  authScopes: SCOPES,
  description: 'Why an item has no pictures.',
  fields: (t) => ({
    item: t.relation('item', { description: 'The item that has no pictures.' }),
    code: t.exposeString('code', { description: 'A reason code from the error catalogue.' }),
    message: t.exposeString('message', { description: 'What is wrong with the source.' }),
    warnings: t.exposeStringList('warnings', {
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

async function whereFailures(
  args: Parameters<typeof scopeOf>[0] & { code?: string | null },
  { app, caller }: Context,
): Promise<{ item: ReturnType<typeof whereScope>; code?: string }> {
  const { code } = args
  if (code && !Object.hasOwn(ERRORS, code))
    throw new AppError('BAD_INPUT', `There is no code ${JSON.stringify(code.slice(0, 100))} in the error catalogue.`)
  return {
    item: whereScope(await resolveScope(app.prisma, scopeOf(args), caller.vendor)),
    ...(code ? { code } : {}),
  }
}
