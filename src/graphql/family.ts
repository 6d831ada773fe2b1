import { offeredLayout } from '../composites/regenerate.ts'
import { builder } from './builder.ts'
import { connectionOf, relatedPage } from './connection.ts'
import { IconSetConnection, IconSetRef } from './icon-set.ts'
import { whereId } from './ids.ts'
import { ImageFormatRef, ImageRef } from './image.ts'
import { ItemConnection, ItemRef } from './item.ts'
import { previewOf } from './preview.ts'

export const FamilyRef = builder.prismaNode('Family', {
  id: { field: 'id' },
  nullable: true,
  description: 'A family has sets; a set has items.',
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, a part of every key.' }),
    name: t.exposeString('name', { description: 'As the vendor gave it.' }),
    vendor: t.relation('vendor', { description: 'Who sells it.' }),
    iconSets: t.connection(
      { ...relatedPage('Family', 'iconSets', { type: IconSetRef }), description: 'Its sets, the oldest first.' },
      IconSetConnection,
    ),
    items: t.connection(
      {
        ...relatedPage('Family', 'items', { type: ItemRef }),
        description: 'The items of all of its sets, the oldest first.',
      },
      ItemConnection,
    ),
    preview: t.field({
      type: ImageRef,
      nullable: true,
      description:
        "The family's preview: a composite of random items from all of its sets. Null if the family has no items that can be shown. Until it is first composed, the URL is a stable alias that redirects to it.",
      select: { id: true },
      args: {
        layout: t.arg.string({
          required: true,
          defaultValue: 'card',
          description: 'A name of `layouts`.',
          extensions: { names: 'layouts' },
        }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'One that the layout offers.',
        }),
      },
      resolve: ({ id }, { layout, format }, context) =>
        previewOf(id, { layout: offeredLayout(context.app.layouts, layout), format }, context),
    }),
  }),
})

export const FamilyConnection = connectionOf('Family', FamilyRef)

builder.queryField('family', (t) =>
  t.prismaField({
    type: 'Family',
    nullable: true,
    description: 'One family; null where there is none.',
    args: { uniqueId: t.arg.id({ required: true, description: 'Its unique id, or its node id.' }) },
    resolve: (query, _root, { uniqueId }, { app }) => {
      const where = whereId('Family', uniqueId)
      return where && app.prisma.family.findUnique({ ...query, where })
    },
  }),
)
