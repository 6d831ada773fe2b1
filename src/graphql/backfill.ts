import { BACKFILL_CHANNEL, cancelBackfill, startBackfill } from '../backfill/backfills.ts'
import { pauseBackfill, resumeBackfill } from '../backfill/pause.ts'
import type { Progress } from '../backfill/progress.ts'
import { type BackfillRequest, checkRequest } from '../backfill/request.ts'
import { resolveScope } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import type { GlobalId } from '../core/global-id.ts'
import { builder, type Context, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage, relatedPage } from './connection.ts'
import { followChanges } from './follow.ts'
import { ImageFormatRef } from './image.ts'
import { SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'
import { own, ownId } from './own.ts'
import { RenderFailureConnection, RenderFailureRef } from './render-failure.ts'

/** Who starts a backfill follows it too. */
const READ_SCOPES = ['operations:read', 'backfill:write'] as const

const LIST_MAX = 50

const BackfillModeRef = builder.enumType('BackfillMode', {
  description: 'Which items in its scope a backfill processes.',
  values: {
    MISSING: { description: 'no image at all' },
    STALE: {
      description:
        'missing, made from an older source or recipe, or under the key of another URL secret, which is copied',
    },
    FAILED: { description: 'failed before; retried' },
    ALL: { description: 'everything, again' },
  } as const,
})
const BackfillStatusRef = builder.enumType('BackfillStatus', {
  description: 'The status of a backfill.',
  values: {
    PLANNING: { description: 'determining which pictures are missing' },
    RUNNING: { description: 'in progress, or waiting for a worker' },
    PAUSED: { description: 'stopped by pauseBackfill; resumeBackfill continues it' },
    CANCELED: { description: 'ended by cancelBackfill; pictures already made are kept' },
    COMPLETED: { description: 'every picture was made, apart from the failures' },
    FAILED: { description: 'abandoned; see error' },
  } as const,
})

export const BackfillInputRef = builder.inputType('BackfillInput', {
  description: 'What a backfill makes, and for which items.',
  fields: (t) => ({
    scope: t.field({ type: ScopeInputRef, description: 'The whole catalogue if omitted.' }),
    in: t.field({ type: ScopeRef, description: SAME_AS_SCOPE }),
    presets: t.stringList({
      description:
        'Names of presets. If omitted, all presets except those made only on request (`Preset.backfill`). An empty list is refused.',
      extensions: { names: 'presets' },
    }),
    formats: t.field({
      type: [ImageFormatRef],
      description: 'The first format of each preset if omitted. An empty list is refused.',
    }),
    mode: t.field({
      type: BackfillModeRef,
      defaultValue: 'STALE',
      description: 'Which items in the scope to process.',
    }),
    previews: t.boolean({
      description:
        "Also compose the families' previews, in all layouts: missing ones, or with mode ALL every one. The last ones are composed when all items are rendered, before the backfill is COMPLETED. They do not count towards its progress.",
    }),
  }),
})

/** Converts the input to a request. Throws BAD_INPUT or NOT_FOUND. */
export async function requestOf(
  { app, caller }: Context,
  input: typeof BackfillInputRef.$inferInput | null | undefined,
): Promise<BackfillRequest> {
  for (const list of [input?.presets, input?.formats]) {
    if (list && list.length > LIST_MAX)
      throw new AppError(
        'BAD_INPUT',
        `A list in the input has ${list.length} entries; at most ${LIST_MAX} are allowed.`,
      )
  }
  const scope = await resolveScope(app.prisma, scopeOf(input ?? {}), caller.vendor)
  return checkRequest(app.presets, { ...input, scope })
}

const BackfillRef = builder.prismaNode('Backfill', {
  id: { field: 'id' },
  authScopes: { token: READ_SCOPES },
  description: 'A run over a scope of the catalogue.',
  select: { id: true },
  fields: (t) => {
    const progress = <K extends keyof Progress>(key: K) => ({
      resolve: async ({ id }: { id: number }, _args: object, { loaders }: Context) =>
        (await loaders.progress.load(id))[key],
    })
    return {
      status: t.expose('status', { type: BackfillStatusRef, description: 'The status of the backfill.' }),
      mode: t.expose('mode', { type: BackfillModeRef, description: 'Which items it processes.' }),
      presets: t.exposeStringList('presets', { description: 'Names of the presets it makes pictures for.' }),
      previews: t.exposeBoolean('previews', { description: 'Whether it also composes the previews of families.' }),
      createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was started.' }),
      finishedAt: t.expose('finishedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it became COMPLETED, CANCELED or FAILED; null until then.',
      }),
      totalItems: t.int({
        description: 'Items in scope that need work. total = done + failed + remaining once planned.',
        ...progress('totalItems'),
      }),
      doneItems: t.int({ description: 'Number of items that have all their pictures.', ...progress('doneItems') }),
      failedItems: t.int({
        description: 'Number of items that could not be rendered; see failures.',
        ...progress('failedItems'),
      }),
      imagesMade: t.int({ description: 'Number of pictures stored so far.', ...progress('imagesMade') }),
      bytesWritten: t.float({ description: 'Total size of these pictures in bytes.', ...progress('bytesWritten') }),
      itemsPerSecond: t.float({
        nullable: true,
        description: 'The recent speed; null while no work is in progress.',
        ...progress('itemsPerSecond'),
      }),
      etaSeconds: t.int({
        nullable: true,
        description: 'Estimated seconds left at that speed; null if unknown.',
        ...progress('etaSeconds'),
      }),
      error: t.string({
        nullable: true,
        description: 'Why it FAILED: all attempts at a chunk failed, or one of its presets was removed.',
        select: {
          error: true,
          chunks: { where: { status: 'FAILED' }, orderBy: { id: 'asc' }, take: 1, select: { error: true } },
        },
        resolve: ({ error, chunks }) => error ?? chunks[0]?.error ?? null,
      }),
      failures: t.connection(
        {
          ...relatedPage('Backfill', 'failures', { type: RenderFailureRef }),
          description: 'The items that could not be rendered, and why.',
        },
        RenderFailureConnection,
      ),
    }
  },
})

const BackfillConnection = connectionOf('Backfill', BackfillRef)

builder.queryFields((t) => ({
  backfill: t.prismaField({
    type: BackfillRef,
    nullable: true,
    authScopes: { token: READ_SCOPES },
    description: 'The backfill with this id, or null.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: (query, _root, { id }, { app, caller }) =>
      app.prisma.backfill.findFirst({ ...query, where: { id: numberOf(id), ...own('Backfill', caller) } }),
  }),
  backfills: t.connection(
    {
      type: BackfillRef,
      authScopes: { token: READ_SCOPES },
      description: 'Newest first.',
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { backfill } = context.app.prisma
        const filter = own('Backfill', context.caller)
        const find = ({ where, ...query }: PageQuery) => backfill.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => backfill.count({ where: filter })
        return readPage({ args, context, info }, { order: 'desc', find, count })
      },
    },
    BackfillConnection,
  ),
}))

builder.mutationFields((t) => ({
  startBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description:
      'scope backfill:write. Without input: the whole catalogue, all presets except those made only on request, mode STALE. Starting an identical backfill returns the running one.',
    args: { input: t.arg({ type: BackfillInputRef, description: 'What to make, and for which items.' }) },
    resolve: async (query, _root, { input }, context) => {
      const { app } = context
      const { id } = await startBackfill(app, await requestOf(context, input))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id } })
    },
  }),
  pauseBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description: 'scope backfill:write. Renders in progress finish and are kept; no others start until it is resumed.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await pauseBackfill(app, await ownId('Backfill', id, context))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  resumeBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description: 'scope backfill:write. Continues a paused backfill where it stopped.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await resumeBackfill(app, await ownId('Backfill', id, context))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  cancelBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description: 'scope backfill:write. Renders in progress finish and are kept; no others start.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await cancelBackfill(app, await ownId('Backfill', id, context))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
}))

builder.subscriptionField('backfillProgress', (t) =>
  t.prismaField({
    type: BackfillRef,
    authScopes: { token: READ_SCOPES },
    description: 'Sends the current state, every change (at most 4 a second) and the final state; then completes.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    subscribe: (_root, { id }, context) => follow(id, context),
    resolve: (query, event, _args, { app }) =>
      app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: (event as { id: number }).id } }),
  }),
)

const UNFINISHED: ReadonlySet<string> = new Set(['PLANNING', 'RUNNING', 'PAUSED'])

const follow = (globalId: GlobalId, context: Context) => {
  const id = numberOf(globalId)
  return followChanges(id, context, {
    channel: BACKFILL_CHANNEL,
    hasEnded: async () => {
      await ownId('Backfill', globalId, context)
      const backfill = await context.app.prisma.backfill.findUnique({ where: { id }, select: { status: true } })
      if (!backfill) throw new AppError('NOT_FOUND', `There is no backfill ${id}.`)
      context.loaders.progress.clear(id)
      return !UNFINISHED.has(backfill.status)
    },
  })
}
