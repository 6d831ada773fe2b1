import { BACKFILL_CHANNEL, cancelBackfill, startBackfill } from '../backfill/backfills.ts'
import { pauseBackfill, resumeBackfill } from '../backfill/pause.ts'
import type { Progress } from '../backfill/progress.ts'
import { AppError } from '../core/errors.ts'
import type { GlobalId } from '../core/global-id.ts'
import { BackfillInputRef, BackfillModeRef, BackfillPriorityRef, requestOf } from './backfill-input.ts'
import { builder, type Context, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage, relatedPage } from './connection.ts'
import { FamilyRef } from './family.ts'
import { followChanges } from './follow.ts'
import { IconSetRef } from './icon-set.ts'
import { ImageFormatRef } from './image.ts'
import { own, ownId } from './own.ts'
import { RenderFailureConnection, RenderFailureRef } from './render-failure.ts'
import { VendorRef } from './vendor.ts'
import { reachable } from './visible.ts'

/** Who starts a backfill follows it too. */
const READ = { token: ['operations:read', 'backfill:write'] } as const
const WRITE = { token: 'backfill:write' } as const

/** It is looked up for each backfill. */
const SCOPE_COMPLEXITY = 5

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

const BackfillRef = builder.prismaNode('Backfill', {
  id: { field: 'id' },
  authScopes: READ,
  description: 'A run over a scope of the catalogue.',
  // What `scope` needs: a field of t.node selects nothing.
  select: { id: true, vendorId: true, familyId: true, iconSetId: true },
  fields: (t) => {
    const progress = <K extends keyof Progress>(key: K) => ({
      resolve: async ({ id }: { id: number }, _args: object, { loaders }: Context) =>
        (await loaders.progress.load(id))[key],
    })
    return {
      status: t.expose('status', { type: BackfillStatusRef, description: 'The status of the backfill.' }),
      mode: t.expose('mode', { type: BackfillModeRef, description: 'Which items it processes.' }),
      presets: t.exposeStringList('presets', { description: 'Names of the presets it makes pictures for.' }),
      formats: t.expose('formats', {
        type: [ImageFormatRef],
        description: 'The formats it makes them in; empty: the first format of each preset.',
      }),
      codes: t.exposeStringList('codes', {
        description: 'Mode FAILED: the codes of the failures that it tries again; empty: all.',
      }),
      scope: t.node({
        complexity: SCOPE_COMPLEXITY,
        description:
          'The Vendor, Family or IconSet that it was started for. Null: the whole catalogue, or something that was removed since.',
        id: ({ vendorId, familyId, iconSetId }) =>
          (iconSetId !== null && { type: IconSetRef, id: iconSetId }) ||
          (familyId !== null && { type: FamilyRef, id: familyId }) ||
          (vendorId !== null && { type: VendorRef, id: vendorId }) ||
          null,
      }),
      previews: t.exposeBoolean('previews', { description: 'Whether it also composes the previews of families.' }),
      maxRenderers: t.exposeInt('maxRenderers', {
        nullable: true,
        description: 'Renderers of all workers that it uses at once at most; null: all of them.',
      }),
      notAfter: t.expose('notAfter', {
        type: 'DateTime',
        nullable: true,
        description: 'When it is PAUSED if it is not done; null: never.',
      }),
      priority: t.expose('priority', {
        type: BackfillPriorityRef,
        description: 'Which of several backfills goes first.',
      }),
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
        description:
          'Why it FAILED: all attempts at a chunk failed, or one of its presets was removed. Why it is PAUSED, if its `notAfter` has passed.',
        select: {
          error: true,
          chunks: { where: { status: 'FAILED' }, orderBy: { id: 'asc' }, take: 1, select: { error: true } },
        },
        resolve: ({ error, chunks }) => error ?? chunks[0]?.error ?? null,
      }),
      failures: t.connection(
        {
          ...relatedPage('Backfill', 'failures', {
            type: RenderFailureRef,
            where: (context) => ({ item: reachable(context) }),
          }),
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
    authScopes: READ,
    description: 'The backfill with this id, or null.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: (query, _root, { id }, { app, caller }) =>
      app.prisma.backfill.findFirst({ ...query, where: { id: numberOf(id), ...own('Backfill', caller) } }),
  }),
  backfills: t.connection(
    {
      type: BackfillRef,
      authScopes: READ,
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
    authScopes: WRITE,
    description:
      'Without input: the whole catalogue, all presets except those made only on request, mode STALE. Starting an identical backfill returns the running one.',
    args: { input: t.arg({ type: BackfillInputRef, description: 'What to make, and for which items.' }) },
    resolve: async (query, _root, { input }, context) => {
      const { app } = context
      const { id } = await startBackfill(app, await requestOf(context, input))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id } })
    },
  }),
  pauseBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: WRITE,
    description: 'Renders in progress finish and are kept; no others start until it is resumed.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await pauseBackfill(app, await ownId('Backfill', id, context))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  resumeBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: WRITE,
    description: 'Continues a paused backfill where it stopped.',
    args: { id: t.arg.globalID({ required: true, for: BackfillRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await resumeBackfill(app, await ownId('Backfill', id, context))
      return app.prisma.backfill.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  cancelBackfill: t.prismaField({
    type: BackfillRef,
    authScopes: WRITE,
    description: 'Renders in progress finish and are kept; no others start.',
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
    authScopes: READ,
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
