import { builder } from './builder.ts'
import { connectionOf, pageComplexity, readPage, relatedPage } from './connection.ts'
import { FamilyConnection, FamilyRef } from './family.ts'

export const VendorRef = builder.prismaNode('Vendor', {
  id: { field: 'id' },
  nullable: true,
  description: 'Who sells.',
  fields: (t) => ({
    username: t.exposeString('username', { description: 'The first part of every key.' }),
    name: t.exposeString('name'),
    families: t.connection(relatedPage('Vendor', 'families', { type: FamilyRef }), FamilyConnection),
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
  vendors: t.connection(
    {
      type: VendorRef,
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { vendor } = context.app.prisma
        return readPage(
          { args, context, info },
          { order: 'asc', find: (query) => vendor.findMany(query), count: () => vendor.count() },
        )
      },
    },
    VendorConnection,
  ),
}))
