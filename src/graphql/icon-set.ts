import { BY_ID, builder, connectionOf, pageComplexity } from './builder.ts'
import { ItemConnection, ItemKindRef } from './item.ts'

export const IconSetRef = builder.prismaNode('IconSet', {
  id: { field: 'id' },
  description: 'Holds icons or illustrations, never both.',
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, a part of every key.' }),
    name: t.exposeString('name'),
    kind: t.expose('kind', { type: ItemKindRef }),
    family: t.relation('family'),
    items: t.relatedConnection(
      'items',
      { cursor: 'id', query: BY_ID, totalCount: true, complexity: pageComplexity },
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
