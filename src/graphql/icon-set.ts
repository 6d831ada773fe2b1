import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { ItemConnection, itemsOf } from './item-connection.ts'
import { ItemKindRef } from './item-kind.ts'

export const IconSetRef = builder.prismaNode('IconSet', {
  id: { field: 'id' },
  nullable: true,
  description: 'Holds icons or illustrations, never both.',
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, a part of every key.' }),
    name: t.exposeString('name'),
    kind: t.expose('kind', { type: ItemKindRef }),
    family: t.relation('family'),
    vendor: t.relation('vendor', { description: 'Who sells it.' }),
    items: t.connection(
      itemsOf('IconSet', (iconSetId) => ({ iconSetId })),
      ItemConnection,
    ),
  }),
})

export const IconSetConnection = connectionOf('IconSet', IconSetRef)

builder.queryField('iconSet', (t) =>
  t.prismaField({
    type: 'IconSet',
    nullable: true,
    args: { uniqueId: t.arg.id({ required: true }) },
    resolve: (query, _root, { uniqueId }, { app }) => app.prisma.iconSet.findUnique({ ...query, where: { uniqueId } }),
  }),
)
