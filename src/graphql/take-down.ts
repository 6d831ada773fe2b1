import { AppError } from '../core/errors.ts'
import type { GlobalId } from '../core/global-id.ts'
import { isUniqueId } from '../core/variant.ts'
import { missingTarget, ownerOf, restore, type TakeDownTarget, takeDown } from '../takedown/take-down.ts'
import { builder, type Context, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { FamilyRef } from './family.ts'
import { IconSetRef } from './icon-set.ts'
import { parseIdOf, unknownUniqueId } from './ids.ts'
import { IconRef, IllustrationRef } from './item.ts'
import { own } from './own.ts'
import { VendorRef } from './vendor.ts'

/** Reading receipts needs the same scope as taking down: a reason may be a legal matter. */
const SCOPE = { token: 'takedown:write' } as const

/** It is looked up for each receipt. */
const TARGET_COMPLEXITY = 5

const TakeDownStatusRef = builder.enumType('TakeDownStatus', {
  description: 'The status of a take-down.',
  values: {
    QUEUED: { description: 'hidden; deletion starts shortly' },
    RUNNING: { description: 'hidden; deleting and purging, or waiting for the next attempt: see error' },
    COMPLETED: { description: 'every object is deleted and the CDN accepted the invalidation' },
    FAILED: { description: 'hidden, but deletion failed after many attempts: see error, then take it down again' },
    RESTORED: { description: 'undone' },
  } as const,
})

const TakeDownKindRef = builder.enumType('TakeDownKind', {
  description: 'What a receipt is for.',
  values: {
    TAKE_DOWN: { description: 'a take-down: nothing of it is shown to anyone until it is restored' },
    PRIVATE: {
      description: 'it became PRIVATE: what was public of it is deleted; made PUBLIC or UNLISTED again, it is RESTORED',
    },
  } as const,
})

const TakeDownRef = builder.prismaNode('TakeDown', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description:
    'The receipt of a take-down, which hides an item, or all of a set, family or vendor, until it is restored, or of a change of visibility to PRIVATE. scope takedown:write.',
  // What `target` needs: a field of t.node selects nothing.
  select: { id: true, targetType: true, targetId: true },
  fields: (t) => ({
    status: t.expose('status', { type: TakeDownStatusRef, description: 'The status of the take-down.' }),
    kind: t.expose('kind', {
      type: TakeDownKindRef,
      description: 'What was taken down: everything, or what was public.',
    }),
    reason: t.exposeString('reason', { description: 'The reason, as given.' }),
    target: t.node({
      complexity: TARGET_COMPLEXITY,
      description:
        'What is taken down: an Icon, Illustration, IconSet, Family or Vendor. Null for an item that was restored and then removed by its vendor.',
      id: ({ targetType, targetId }, _args, context) => nodeIdOf({ type: targetType, id: targetId }, context),
    }),
    objectsDeleted: t.exposeInt('objectsDeleted', {
      description: 'Stored pictures deleted so far; deletions of a batch that failed are not counted.',
    }),
    invalidationIds: t.exposeStringList('invalidationIds', {
      description: 'Ids of the CloudFront invalidations, in order. The second check, a minute later, adds its own.',
    }),
    note: t.exposeString('note', { nullable: true, description: 'What the operator still has to do.' }),
    error: t.string({
      nullable: true,
      description:
        "Why the latest attempt failed: a code of the error catalogue and, for an operator's token, the sentence that says what to do.",
      select: { error: true },
      resolve: ({ error }, _args, { caller }) => (caller.vendor ? (error?.split(':', 1)[0] ?? null) : error),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was hidden.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was COMPLETED or FAILED.',
    }),
    restoredAt: t.expose('restoredAt', { type: 'DateTime', nullable: true, description: 'When it was restored.' }),
  }),
})

const TakeDownConnection = connectionOf('TakeDown', TakeDownRef)

builder.queryField('takeDowns', (t) =>
  t.connection(
    {
      type: TakeDownRef,
      authScopes: SCOPE,
      description: 'Newest first.',
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { takeDown: receipt } = context.app.prisma
        const filter = own('TakeDown', context.caller)
        const find = ({ where, ...query }: PageQuery) => receipt.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => receipt.count({ where: filter })
        return readPage({ args, context, info }, { order: 'desc', find, count })
      },
    },
    TakeDownConnection,
  ),
)

const TYPES = { Icon: 'ITEM', Illustration: 'ITEM', IconSet: 'ICON_SET', Family: 'FAMILY', Vendor: 'VENDOR' } as const
const TARGETS = Object.keys(TYPES)

builder.mutationFields((t) => ({
  takeDown: t.prismaField({
    type: TakeDownRef,
    authScopes: SCOPE,
    description:
      'Hides it at once (410, status GONE), also what is imported below it later, then deletes its pictures and purges the CDN. Originals stay. Taking down the same again returns the receipt there is, and tries again what failed.',
    args: {
      id: t.arg.id({
        required: true,
        description: 'Id or unique id of an item, set or family, or the id of a vendor.',
      }),
      reason: t.arg.string({ required: true, description: '1 to 500 characters, for the receipt.' }),
    },
    resolve: async (query, _root, args, context) => {
      const { app, caller } = context
      const target = await targetOf(await parseIdOf(app.prisma, TARGETS, args.id), { ...context, given: args.id })
      const takeDownId = await takeDown(app, target, args.reason, { byOperator: caller.vendor === null })
      return app.prisma.takeDown.findUniqueOrThrow({ ...query, where: { id: takeDownId } })
    },
  }),
  restore: t.prismaField({
    type: TakeDownRef,
    authScopes: SCOPE,
    description:
      'Undoes a take-down, except where another one still applies. Pictures are rendered again on their first request.',
    args: {
      id: t.arg.id({
        required: true,
        description: 'Id of the TakeDown, or id or unique id of what was taken down.',
      }),
    },
    resolve: async (query, _root, args, context) => {
      const { app, caller } = context
      const id = await parseIdOf(app.prisma, [...TARGETS, 'TakeDown'], args.id)
      const isReceipt = id.typename === 'TakeDown'
      const which = isReceipt ? { takeDownId: numberOf(id) } : await targetOf(id, { ...context, given: args.id })
      const takeDownId = await restore(app, which, { vendorId: caller.vendor?.id ?? null })
      return app.prisma.takeDown.findUniqueOrThrow({ ...query, where: { id: takeDownId } })
    },
  }),
}))

/**
 * Throws NOT_FOUND for an icon's number with the type Illustration: the id was meant for another item. For a vendor's token, another
 * vendor's things do not exist.
 */
async function targetOf(
  globalId: GlobalId,
  { app, caller, given }: Pick<Context, 'app' | 'caller'> & { readonly given: string },
): Promise<TakeDownTarget> {
  const { typename } = globalId
  const [type, id] = [TYPES[typename as keyof typeof TYPES], numberOf(globalId)]
  if (caller.vendor && (await ownerOf(app.pg, { type, id })) !== caller.vendor.id)
    throw isUniqueId(given) ? unknownUniqueId(given) : missingTarget({ type, id })
  const item = type === 'ITEM' && (await app.prisma.item.findUnique({ where: { id }, select: { kind: true } }))
  if (item && item.kind !== typename.toUpperCase())
    throw new AppError('NOT_FOUND', `There is no ${typename} ${id}: this number belongs to an ${item.kind}.`)
  return { type, id }
}

async function nodeIdOf({ type, id }: TakeDownTarget, { app }: Context) {
  if (type === 'ICON_SET') return { type: IconSetRef, id }
  if (type === 'FAMILY') return { type: FamilyRef, id }
  if (type === 'VENDOR') return { type: VendorRef, id }
  const item = await app.prisma.item.findUnique({ where: { id }, select: { kind: true } })
  return item && { type: item.kind === 'ICON' ? IconRef : IllustrationRef, id }
}
