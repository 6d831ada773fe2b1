import type { Caller } from '../access/caller.ts'
import { builder } from './builder.ts'
import { VendorRef } from './vendor.ts'

const ViewerRef = builder.objectRef<Caller>('Viewer').implement({
  description: 'Who sends a request.',
  fields: (t) => ({
    name: t.exposeString('actor', {
      description: 'As in the audit log, such as `admin`; `anonymous` without a token.',
    }),
    scopes: t.stringList({ description: 'What they may do.', resolve: ({ scopes }) => [...scopes] }),
    vendor: t.prismaField({
      type: VendorRef,
      nullable: true,
      description: 'The only vendor whose things they see and change; null: all vendors.',
      resolve: (query, { vendor }, _args, { app }) => {
        // Spread in any case: a query that is not used is reported as a mistake.
        const own = { ...query, where: { id: vendor?.id ?? 0 } }
        return vendor && app.prisma.vendor.findUnique(own)
      },
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerRef,
    description: 'Who sends this request, and what they may do.',
    resolve: (_root, _args, { caller }) => caller,
  }),
)
