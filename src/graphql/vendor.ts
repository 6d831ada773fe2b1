import { builder, CATALOGUE_READ } from './builder.ts'
import { connectionOf, pageComplexity, readPage, relatedPage } from './connection.ts'
import { FamilyConnection, FamilyRef } from './family.ts'
import { rowIdOf } from './ids.ts'
import { listed } from './visible.ts'

export const VendorRef = builder.prismaNode('Vendor', {
  id: { field: 'id' },
  nullable: true,
  description: 'A vendor of icons and illustrations.',
  // Otherwise all columns would be loaded.
  select: { id: true },
  fields: (t) => ({
    username: t.exposeString('username', { description: 'The first part of every key.' }),
    name: t.exposeString('name', { description: 'The display name.' }),
    families: t.connection(
      {
        ...relatedPage('Vendor', 'families', { type: FamilyRef, where: listed }),
        description: 'Their families, oldest first.',
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
    authScopes: CATALOGUE_READ,
    description: 'The vendor with this username or id, or null.',
    args: { username: t.arg.string({ required: true, description: 'A username or a node id.' }) },
    resolve: async (query, _root, { username }, { app }) => {
      const id = rowIdOf('Vendor', username)
      const named = await app.prisma.vendor.findUnique({ ...query, where: { username } })
      return named ?? (id === null ? null : app.prisma.vendor.findUnique({ ...query, where: { id } }))
    },
  }),
  vendors: t.connection(
    {
      type: VendorRef,
      authScopes: CATALOGUE_READ,
      description: 'All vendors, oldest first.',
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
