import { AppError } from '../core/errors.ts'
import type { Visibility } from '../core/visibility.ts'
import { setVisibility, type VisibilityTarget } from '../takedown/set-visibility.ts'
import { builder, type Context, numberOf } from './builder.ts'
import { FamilyRef } from './family.ts'
import { IconSetRef } from './icon-set.ts'
import { parseIdOf } from './ids.ts'
import { ItemRef } from './item.ts'
import { FINDERS } from './node.ts'
import { VisibilityRef } from './visibility-type.ts'
import { reachable } from './visible.ts'

/**
 * One mutation for each kind of target, because the contract's `setVisibility` returns an Item, and a client that changes a family wants
 * the family back.
 */
const SCOPE = { token: 'catalogue:write' } as const

const EFFECT =
  'Applies at once. PRIVATE deletes its public pictures and purges the CDN, with a receipt of kind PRIVATE in takeDowns; PUBLIC and UNLISTED make its public URLs work again.'

/** The row id of the target, changed. Throws BAD_INPUT, or NOT_FOUND also for another vendor's; its PRIVATE things are unknown, as everywhere. */
async function change(
  { id: text, visibility }: { id: string; visibility: Visibility },
  context: Context,
  { type, typenames }: { type: VisibilityTarget['type']; typenames: readonly string[] },
): Promise<number> {
  const { app, caller } = context
  const visible = reachable(context)
  const node = await parseIdOf(app.prisma, typenames, text, visible)
  const id = numberOf(node)
  const found = await FINDERS[node.typename]?.(
    app.prisma,
    { select: { id: true }, where: { id: { in: [id] } } },
    caller,
  )
  if (!found?.length) throw new AppError('NOT_FOUND', `There is no ${node.typename} ${id}.`)
  await setVisibility(app, { type, id }, { visibility, vendorId: caller.vendor?.id ?? null })
  return id
}

const argsOf = (what: string) =>
  builder.args((t) => ({
    id: t.id({ required: true, description: `Id or unique id of ${what}.` }),
    visibility: t.field({ type: VisibilityRef, required: true, description: 'Who may see it.' }),
  }))

builder.mutationFields((t) => ({
  setVisibility: t.prismaField({
    type: ItemRef,
    authScopes: SCOPE,
    description: `Changes who may see an item; what applies is the strictest of the item's, its set's and its family's. ${EFFECT}`,
    args: argsOf('an item'),
    resolve: async (query, _root, args, context) => {
      const id = await change(args, context, { type: 'ITEM', typenames: ['Icon', 'Illustration'] })
      return context.app.prisma.item.findUniqueOrThrow({ ...query, where: { id } })
    },
  }),
  setIconSetVisibility: t.prismaField({
    type: IconSetRef,
    authScopes: SCOPE,
    description: `The same for a set: all of its items, also those that are added later. ${EFFECT}`,
    args: argsOf('a set'),
    resolve: async (query, _root, args, context) => {
      const id = await change(args, context, { type: 'ICON_SET', typenames: ['IconSet'] })
      return context.app.prisma.iconSet.findUniqueOrThrow({ ...query, where: { id } })
    },
  }),
  setFamilyVisibility: t.prismaField({
    type: FamilyRef,
    authScopes: SCOPE,
    description: `The same for a family: all of its items, also those that are added later. ${EFFECT}`,
    args: argsOf('a family'),
    resolve: async (query, _root, args, context) => {
      const id = await change(args, context, { type: 'FAMILY', typenames: ['Family'] })
      return context.app.prisma.family.findUniqueOrThrow({ ...query, where: { id } })
    },
  }),
}))
