import { BY_ID, builder, connectionOf, pageComplexity } from './builder.ts'
import { IconSetConnection } from './icon-set.ts'
import { ItemConnection } from './item.ts'

export const FamilyRef = builder.prismaNode('Family', {
  id: { field: 'id' },
  description: 'A family has sets; a set has items.',
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, a part of every key.' }),
    name: t.exposeString('name'),
    vendor: t.relation('vendor'),
    iconSets: t.relatedConnection(
      'iconSets',
      {
        cursor: 'id',
        query: BY_ID,
        totalCount: true,
        complexity: pageComplexity,
      },
      IconSetConnection,
    ),
    items: t.relatedConnection(
      'items',
      { cursor: 'id', query: BY_ID, totalCount: true, complexity: pageComplexity },
      ItemConnection,
    ),
  }),
})

export const FamilyConnection = connectionOf('Family', FamilyRef)

builder.queryField('family', (t) =>
  t.prismaField({
    type: 'Family',
    nullable: true,
    args: { uniqueId: t.arg.id({ required: true }) },
    resolve: (query, _root, { uniqueId }, { app }) => app.prisma.family.findUnique({ ...query, where: { uniqueId } }),
  }),
)
