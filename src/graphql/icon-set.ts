import { builder, CATALOGUE_READ } from './builder.ts'
import { connectionOf } from './connection.ts'
import { whereId } from './ids.ts'
import { ItemConnection, itemsOf } from './item-connection.ts'
import { ItemKindRef } from './item-kind.ts'
import { VisibilityRef } from './visibility-type.ts'
import { reachable } from './visible.ts'

export const IconSetRef = builder.prismaNode('IconSet', {
  id: { field: 'id' },
  nullable: true,
  description: 'Holds icons or illustrations, never both.',
  // Otherwise all columns would be loaded.
  select: { id: true },
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, a part of every key.' }),
    name: t.exposeString('name', { description: 'The name as the vendor gave it.' }),
    kind: t.expose('kind', { type: ItemKindRef, description: 'The kind of all its items.' }),
    visibility: t.expose('visibility', {
      type: VisibilityRef,
      description: "Who may see it: the strictest of its own and its family's.",
    }),
    family: t.relation('family', { description: 'The family it belongs to.' }),
    vendor: t.relation('vendor', { description: 'The vendor who sells it.' }),
    items: t.connection(
      { ...itemsOf('IconSet', (iconSetId) => ({ iconSetId })), description: 'Its items, oldest first.' },
      ItemConnection,
    ),
  }),
})

export const IconSetConnection = connectionOf('IconSet', IconSetRef)

builder.queryField('iconSet', (t) =>
  t.prismaField({
    type: 'IconSet',
    nullable: true,
    authScopes: CATALOGUE_READ,
    description: 'The set with this id, or null.',
    args: { uniqueId: t.arg.id({ required: true, description: 'A unique id or a node id.' }) },
    resolve: (query, _root, { uniqueId }, context) => {
      const where = whereId('IconSet', uniqueId)
      return where && context.app.prisma.iconSet.findUnique({ ...query, where: { ...where, ...reachable(context) } })
    },
  }),
)
