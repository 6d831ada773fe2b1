import { BY_ID, builder, connectionOf, pageComplexity } from './builder.ts'
import { FamilyConnection } from './family.ts'

export const VendorRef = builder.prismaNode('Vendor', {
  id: { field: 'id' },
  description: 'Who sells.',
  fields: (t) => ({
    username: t.exposeString('username', { description: 'The first part of every key.' }),
    name: t.exposeString('name'),
    families: t.relatedConnection(
      'families',
      {
        cursor: 'id',
        query: BY_ID,
        totalCount: true,
        complexity: pageComplexity,
      },
      FamilyConnection,
    ),
  }),
})

export const VendorConnection = connectionOf('Vendor', VendorRef)

builder.queryFields((t) => ({
  vendor: t.prismaField({
    type: 'Vendor',
    nullable: true,
    args: { username: t.arg.string({ required: true }) },
    resolve: (query, _root, { username }, { app }) => app.prisma.vendor.findUnique({ ...query, where: { username } }),
  }),
  vendors: t.prismaConnection(
    {
      type: 'Vendor',
      cursor: 'id',
      complexity: pageComplexity,
      totalCount: (_root, _args, { app }) => app.prisma.vendor.count(),
      resolve: (query, _root, _args, { app }) => app.prisma.vendor.findMany({ ...query, ...BY_ID }),
    },
    VendorConnection,
  ),
}))
