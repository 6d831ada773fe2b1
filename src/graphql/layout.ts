import { queryFromInfo } from '@pothos/plugin-prisma'
import type { BoundVendor } from '../access/caller.ts'
import { cellsMaxOf } from '../composites/arrange.ts'
import { type Draft, draftComposite } from '../composites/draft.ts'
import { offeredLayout } from '../composites/offered.ts'
import { EXCLUDED_MAX, PINNED_MAX, regeneratePreview } from '../composites/regenerate.ts'
import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import type { Layout } from '../core/layouts.ts'
import { isUniqueId } from '../core/variant.ts'
import { builder, CATALOGUE_READ, type Context } from './builder.ts'
import { FamilyRef } from './family.ts'
import { rowIdOf, whereId } from './ids.ts'
import { ImageFormatRef } from './image.ts'
import { ItemRef } from './item.ts'

const LayoutRef = builder.objectRef<Layout>('Layout').implement({
  description: "A way to compose a family's picture.",
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name, for arguments that take a layout.' }),
    width: t.exposeInt('width', { description: 'Width in px.' }),
    height: t.exposeInt('height', { description: 'Height in px.' }),
    cells: t.int({ description: 'Maximum number of items that it shows.', resolve: cellsMaxOf }),
    background: t.exposeString('background', { nullable: true, description: '#rrggbb, null for transparent.' }),
    watermark: t.boolean({
      description: 'Whether a watermark is drawn over it.',
      resolve: ({ watermark }) => watermark !== null,
    }),
    formats: t.field({
      type: [ImageFormatRef],
      description: 'The formats it is offered in; the first one is composed in advance.',
      resolve: ({ formats }) => [...formats],
    }),
  }),
})

builder.queryField('layouts', (t) =>
  t.field({
    type: [LayoutRef],
    authScopes: CATALOGUE_READ,
    description: 'What `Family.preview` takes.',
    resolve: (_root, _args, { app }) => [...app.layouts.values()],
  }),
)

/** Items are chosen in the event loop, and a picture is drawn, or two dozen statements are sent. */
const CHOOSING_COMPLEXITY = 14_000

builder.mutationField('regeneratePreview', (t) =>
  t.prismaField({
    type: FamilyRef,
    authScopes: { token: 'preview:write' },
    complexity: CHOOSING_COMPLEXITY,
    description:
      "Picks new members for a family's preview and composes it immediately; the old pictures stay until the new ones are stored. The arguments are saved for later compositions; omitted ones keep their saved values.",
    args: {
      family: t.arg.id({ required: true, description: 'A unique id or a node id.' }),
      seed: t.arg.int({
        description:
          '0 or more. The same seed and items give the same picture. If omitted: a new seed, unless pin or exclude is given.',
      }),
      pin: t.arg.idList({
        description: `Items, by unique id or node id, that are always shown, before all others; at most ${PINNED_MAX}. []: no items.`,
      }),
      exclude: t.arg.idList({
        description: `Items, by unique id or node id, that are never shown; at most ${EXCLUDED_MAX}. []: no items.`,
      }),
      layout: t.arg.string({
        description: 'The name of one of the `layouts`. All of them if omitted.',
        extensions: { names: 'layouts' },
      }),
    },
    resolve: async (query, _root, { family, seed, pin, exclude, layout }, { app, caller, loaders }) => {
      const { id: familyId } = await findFamily(app, family, caller.vendor)
      await regeneratePreview(app, {
        familyId,
        seed,
        pinned: pin && (await findItems(app, { name: 'pin', ids: pin, max: PINNED_MAX, vendor: caller.vendor })),
        excluded:
          exclude &&
          (await findItems(app, { name: 'exclude', ids: exclude, max: EXCLUDED_MAX, vendor: caller.vendor })),
        layout: layout ? offeredLayout(app.layouts, layout) : null,
      })
      loaders.picks.clear(familyId)
      loaders.composites.clear(familyId)
      return app.prisma.family.findUniqueOrThrow({ ...query, where: { id: familyId } })
    },
  }),
)

const PreviewCellRef = builder.objectRef<Draft['cells'][number]>('PreviewCell').implement({
  authScopes: { token: 'preview:write' },
  description: "A rectangle of a family's preview.",
  fields: (t) => ({
    x: t.exposeInt('x', { description: 'Left edge in px.' }),
    y: t.exposeInt('y', { description: 'Top edge in px.' }),
    width: t.exposeInt('width', { description: 'Width in px.' }),
    height: t.exposeInt('height', { description: 'Height in px.' }),
  }),
})

const DraftPreviewRef = builder.objectRef<Draft>('DraftPreview').implement({
  authScopes: { token: 'preview:write' },
  description: "A family's preview as it would be; it is not stored.",
  fields: (t) => ({
    dataUrl: t.exposeString('dataUrl', { description: 'The picture as a data: URL of at most 1 MB.' }),
    width: t.exposeInt('width', { description: 'Width in px.' }),
    height: t.exposeInt('height', { description: 'Height in px.' }),
    seed: t.exposeInt('seed', { description: 'The seed that was used: the one given, or the stored one.' }),
    members: t.field({
      type: [ItemRef],
      description: 'The items that it shows, in the order of their cells.',
      resolve: async ({ members }, _args, context, info) => {
        const selection = queryFromInfo({ context, info, typeName: 'Item', select: { id: true } })
        const items = await context.app.prisma.item.findMany({ ...selection, where: { id: { in: [...members] } } })
        const byId = new Map(items.map((item) => [item.id, item]))
        return members.flatMap((id) => byId.get(id) ?? []) as never
      },
    }),
    cells: t.field({
      type: [PreviewCellRef],
      description: 'Where each member is drawn, in the same order.',
      resolve: ({ cells }) => [...cells],
    }),
    pinned: t.idList({
      description: 'Unique ids of the items that are always shown: those given, or the stored ones.',
      resolve: ({ pinned }, _args, { app }) => uniqueIdsOf(app, pinned),
    }),
    excluded: t.idList({
      description: 'Unique ids of the items that are never shown: those given, or the stored ones.',
      resolve: ({ excluded }, _args, { app }) => uniqueIdsOf(app, excluded),
    }),
  }),
})

/** In order; without items that were removed since. */
async function uniqueIdsOf({ prisma }: Context['app'], ids: readonly number[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await prisma.item.findMany({ where: { id: { in: [...ids] } }, select: { id: true, uniqueId: true } })
  const byId = new Map(rows.map(({ id, uniqueId }) => [id, uniqueId]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

builder.queryField('draftPreview', (t) =>
  t.field({
    type: DraftPreviewRef,
    authScopes: { token: 'preview:write' },
    description:
      "A family's preview as regeneratePreview would make it with these arguments; nothing is stored. Omitted arguments keep their saved values. NOT_FOUND if the family has nothing to show, GONE if it is taken down.",
    complexity: CHOOSING_COMPLEXITY,
    args: {
      family: t.arg.id({ required: true, description: 'A unique id or a node id.' }),
      layout: t.arg.string({
        required: true,
        description: 'The name of one of the `layouts`.',
        extensions: { names: 'layouts' },
      }),
      seed: t.arg.int({ description: '0 or more.' }),
      pin: t.arg.idList({ description: `As for regeneratePreview; at most ${PINNED_MAX}.` }),
      exclude: t.arg.idList({ description: `As for regeneratePreview; at most ${EXCLUDED_MAX}.` }),
    },
    resolve: async (_root, { family, layout, seed, pin, exclude }, { app, caller: { vendor } }) => {
      const { id: familyId } = await findFamily(app, family, vendor)
      return await draftComposite(app, {
        familyId,
        layout: offeredLayout(app.layouts, layout),
        seed,
        pinned: pin && (await findItems(app, { name: 'pin', ids: pin, max: PINNED_MAX, vendor })),
        excluded: exclude && (await findItems(app, { name: 'exclude', ids: exclude, max: EXCLUDED_MAX, vendor })),
      })
    },
  }),
)

async function findFamily(
  { prisma }: Context['app'],
  text: string,
  vendor: BoundVendor | null,
): Promise<{ id: number }> {
  const where = { ...(whereId('Family', text) ?? { id: 0 }), ...(vendor ? { vendorId: vendor.id } : {}) }
  const family = await prisma.family.findFirst({ where, select: { id: true } })
  if (family) return family
  throw new AppError('NOT_FOUND', `There is no family ${JSON.stringify(text.slice(0, 100))}.`)
}

/** In the given order. Whether they belong to the family is checked later. */
async function findItems(
  { prisma }: Context['app'],
  { name, ids, max, vendor }: { name: string; ids: readonly string[]; max: number; vendor: BoundVendor | null },
): Promise<number[]> {
  if (ids.length > max)
    throw new AppError('BAD_INPUT', `${name} has ${ids.length} entries; at most ${max} are allowed.`)
  const numbers = (type: string) => ids.map((text) => rowIdOf(type, text)).filter((id) => id !== null)
  const found = await prisma.item.findMany({
    where: {
      ...(vendor ? { vendorId: vendor.id } : {}),
      OR: [
        { uniqueId: { in: ids.filter(isUniqueId) } },
        { id: { in: numbers('Icon') }, kind: 'ICON' },
        { id: { in: numbers('Illustration') }, kind: 'ILLUSTRATION' },
      ],
    },
    select: { id: true, uniqueId: true, kind: true },
  })
  const known = new Map(
    found.flatMap(({ id, uniqueId, kind }) => [
      [uniqueId, id],
      [printGlobalId(kind === 'ICON' ? 'Icon' : 'Illustration', id), id],
    ]),
  )
  return ids.map((text) => {
    const id = known.get(text)
    if (id) return id
    throw new AppError(
      'BAD_INPUT',
      `${name}: ${JSON.stringify(text.slice(0, 100))} is not the unique id or node id of an item.`,
    )
  })
}
