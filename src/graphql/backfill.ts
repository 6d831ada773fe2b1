import type { App } from '../app.ts'
import { BACKFILL_CHANNEL, cancelBackfill, startBackfill } from '../backfill/backfills.ts'
import { pauseBackfill, resumeBackfill } from '../backfill/pause.ts'
import type { Progress } from '../backfill/progress.ts'
import { type BackfillRequest, checkRequest } from '../backfill/request.ts'
import { resolveScope, whereScope } from '../catalogue/scope.ts'
import { AppError, ERRORS } from '../core/errors.ts'
import { builder, type Context, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage, relatedPage } from './connection.ts'
import { followChanges } from './follow.ts'
import { ImageFormatRef } from './image.ts'
import { ScopeInputRef } from './item-kind.ts'

const LIST_MAX = 50

const BackfillModeRef = builder.enumType('BackfillMode', {
  values: {
    MISSING: { description: 'no image at all' },
    STALE: { description: 'missing, or made from an older source or recipe' },
    FAILED: { description: 'failed before; retried' },
    ALL: { description: 'everything, again' },
  } as const,
})
const BackfillStatusRef = builder.enumType('BackfillStatus', {
  values: ['PLANNING', 'RUNNING', 'PAUSED', 'CANCELED', 'COMPLETED', 'FAILED'] as const,
})

export const BackfillInputRef = builder.inputType('BackfillInput', {
  fields: (t) => ({
    scope: t.field({ type: ScopeInputRef }),
    presets: t.stringList({
      description:
        'All of them if omitted, but those that are made on request only (`Preset.backfill`). An empty list is refused.',
    }),
    formats: t.field({
      type: [ImageFormatRef],
      description: 'The first format of each preset if omitted. An empty list is refused.',
    }),
    mode: t.field({ type: BackfillModeRef, defaultValue: 'STALE' }),
    previews: t.boolean({
      description:
        "Also compose the families' previews, in all layouts: missing ones, or with mode ALL every one. The last ones are composed when all items are rendered, before the backfill is COMPLETED. They do not count towards its progress.",
    }),
  }),
})

/** Converts the input to a request. Throws BAD_INPUT or NOT_FOUND. */
export async function requestOf(
  app: App,
  input: typeof BackfillInputRef.$inferInput | null | undefined,
): Promise<BackfillRequest> {
  for (const list of [input?.presets, input?.formats]) {
    if (list && list.length > LIST_MAX)
      throw new AppError(
        'BAD_INPUT',
        `A list in the input has ${list.length} entries; at most ${LIST_MAX} are allowed.`,
      )
  }
  const scope = await resolveScope(app.prisma, input?.scope)
  return checkRequest(app.presets, { ...input, scope })
}

const RenderFailureRef = builder.prismaNode('RenderFailure', {
  id: { field: 'id' },
  description: 'Why an item has no pictures.',
  fields: (t) => ({
    item: t.relation('item'),
    code: t.exposeString('code', { description: 'A reason code of the error catalogue.' }),
    message: t.exposeString('message'),
    warnings: t.exposeStringList('warnings', {
      description: 'Codes of what had been left out of the source, or might look different, when it failed.',
    }),
    attempts: t.exposeInt('attempts'),
    lastAt: t.expose('lastAt', { type: 'DateTime' }),
  }),
})

const RenderFailureConnection = connectionOf('RenderFailure', RenderFailureRef)

const BackfillRef = builder.prismaNode('Backfill', {
  id: { field: 'id' },
  description: 'A run over a scope of the catalogue.',
  select: { id: true },
  fields: (t) => {
    const progress = <K extends keyof Progress>(key: K) => ({
      resolve: async ({ id }: { id: number }, _args: object, { loaders }: Context) =>
        (await loaders.progress.load(id))[key],
    })
    return {
      status: t.expose('status', { type: BackfillStatusRef }),
      mode: t.expose('mode', { type: BackfillModeRef }),
      presets: t.exposeStringList('presets'),
      previews: t.exposeBoolean('previews', { description: 'Whether it also composes the previews of families.' }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
      totalItems: t.int({
        description: 'Items in scope that need work. total = done + failed + remaining once planned.',
        ...progress('totalItems'),
      }),
      doneItems: t.int(progress('doneItems')),
      failedItems: t.int(progress('failedItems')),
      imagesMade: t.int(progress('imagesMade')),
      bytesWritten: t.float(progress('bytesWritten')),
      itemsPerSecond: t.float({ nullable: true, ...progress('itemsPerSecond') }),
      etaSeconds: t.int({ nullable: true, ...progress('etaSeconds') }),
      error: t.string({
        nullable: true,
        description: 'Why it FAILED: all attempts at a chunk failed, or one of its presets was removed.',
        select: {
          error: true,
          chunks: { where: { status: 'FAILED' }, orderBy: { id: 'asc' }, take: 1, select: { error: true } },
        },
        resolve: ({ error, chunks }) => error ?? chunks[0]?.error ?? null,
      }),
      failures: t.connection(relatedPage('Backfill', 'failures', { type: RenderFailureRef }), RenderFailureConnection),
    }
  },
})

const BackfillConnection = connectionOf('Backfill', BackfillRef)

builder.queryFields((t) => ({
  backfill: t.prismaField({
    type: BackfillRef,
    nullable: true,
    args: { id: t.arg.globalID({ required: true, for: BackfillRef }) },
    resolve: (query, _root, { id }, { app }) =>
      app.prisma.backfill.findUnique({ ...query, where: { id: numberOf(id) } }),
  }),
  backfills: t.connection(
    {
      type: BackfillRef,
      description: 'Newest first.',
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { backfill } = context.app.prisma
        const find = (query: PageQuery) => backfill.findMany(query)
        return readPage({ args, context, info }, { order: 'desc', find, count: () => backfill.count() })
      },
    },
    BackfillConnection,
  ),
  failures: t.connection(
    {
      type: RenderFailureRef,
      description:
        'Items whose source cannot be rendered, and why. The full list is at /failures.jsonl, as JSON Lines.',
      complexity: pageComplexity,
      args: { scope: t.arg({ type: ScopeInputRef }), code: t.arg.string({ description: 'A reason code.' }) },
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
}))

async function whereFailures(
  args: { scope?: Parameters<typeof resolveScope>[1]; code?: string | null },
  { app }: Context,
): Promise<{ item: ReturnType<typeof whereScope>; code?: string }> {
  const { scope, code } = args
  if (code && !Object.hasOwn(ERRORS, code))
    throw new AppError('BAD_INPUT', `There is no code ${JSON.stringify(code.slice(0, 100))} in the error catalogue.`)
  return { item: whereScope(await resolveScope(app.prisma, scope)), ...(code ? { code } : {}) }
}

builder.mutationFields((t) => ({
  startBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description:
      'scope backfill:write. Without input: the whole catalogue, all presets, mode STALE. Starting an identical backfill returns the running one.',
    args: { input: t.arg({ type: BackfillInputRef }) },
    resolve: async (query, _root, { input }, { app }) => {
      const { id } = await startBackfill(app, await requestOf(app, input))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id } })
    },
  }),
  pauseBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description: 'scope backfill:write. Renders in progress finish and are kept; no others start until it is resumed.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef }) },
    resolve: async (query, _root, { id }, { app }) => {
      await pauseBackfill(app, numberOf(id))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  resumeBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description: 'scope backfill:write. Continues a paused backfill where it stopped.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef }) },
    resolve: async (query, _root, { id }, { app }) => {
      await resumeBackfill(app, numberOf(id))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  cancelBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: { token: 'backfill:write' },
    description: 'scope backfill:write. Renders in progress finish and are kept; no others start.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef }) },
    resolve: async (query, _root, { id }, { app }) => {
      await cancelBackfill(app, numberOf(id))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
}))

builder.subscriptionField('backfillProgress', (t) =>
  t.prismaField({
    type: BackfillRef,
    description: 'Sends the current state, every change (at most 4 a second) and the final state; then completes.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef }) },
    subscribe: (_root, { id }, context) => follow(numberOf(id), context),
    resolve: (query, event, _args, { app }) =>
      app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: (event as { id: number }).id } }),
  }),
)

const UNFINISHED: ReadonlySet<string> = new Set(['PLANNING', 'RUNNING', 'PAUSED'])

const follow = (id: number, context: Context) =>
  followChanges(id, context, {
    channel: BACKFILL_CHANNEL,
    hasEnded: async () => {
      const backfill = await context.app.prisma.backfill.findUnique({ where: { id }, select: { status: true } })
      if (!backfill) throw new AppError('NOT_FOUND', `There is no backfill ${id}.`)
      context.loaders.progress.clear(id)
      return !UNFINISHED.has(backfill.status)
    },
  })
