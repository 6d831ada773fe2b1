import { TOKEN_SCOPES } from '../access/caller.ts'
import { createToken, revokeToken } from '../access/tokens.ts'
import { builder, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { own, ownId } from './own.ts'
import { VendorRef } from './vendor.ts'

const SCOPE = { token: 'token:write' } as const

/** It is looked up for each token. */
const VENDOR_COMPLEXITY = 20

const TokenRef = builder.prismaNode('Token', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'A credential for `Authorization: Bearer TOKEN`. Only its hash is stored.',
  select: { id: true },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is for, as given.' }),
    prefix: t.exposeString('prefix', {
      description: 'The readable beginning of the secret, `ai_live_…`, which the audit log names too.',
    }),
    scopes: t.exposeStringList('scopes', { description: 'What its holder may do.' }),
    vendor: t.prismaField({
      type: VendorRef,
      nullable: true,
      description:
        'The vendor whose things alone its holder sees and changes. Null if it is for all vendors, or if the vendor has nothing in the catalogue yet: see `vendorUsername`.',
      select: { vendor: true },
      complexity: VENDOR_COMPLEXITY,
      resolve: (query, { vendor }, _args, { app }) =>
        vendor === null ? null : app.prisma.vendor.findUnique({ ...query, where: { username: vendor } }),
    }),
    vendorUsername: t.exposeString('vendor', {
      nullable: true,
      description: 'The username of that vendor; null: it is for all vendors.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops being valid; null: never.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null: it was not.',
    }),
  }),
})
const TokenConnection = connectionOf('Token', TokenRef)

builder.queryField('tokens', (t) =>
  t.connection(
    {
      type: TokenRef,
      authScopes: SCOPE,
      description: 'All tokens, also expired and revoked ones, newest first.',
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { token } = context.app.prisma
        const filter = own('Token', context.caller)
        const find = ({ where, ...query }: PageQuery) => token.findMany({ ...query, where: { ...filter, ...where } })
        return readPage({ args, context, info }, { order: 'desc', find, count: () => token.count({ where: filter }) })
      },
    },
    TokenConnection,
  ),
)

const CreatedTokenRef = builder.objectRef<{ id: number; secret: string }>('CreatedToken').implement({
  authScopes: SCOPE,
  description: 'A token and its secret.',
  fields: (t) => ({
    token: t.prismaField({
      type: TokenRef,
      description: 'The token.',
      resolve: (query, { id }, _args, { app }) => app.prisma.token.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    secret: t.exposeString('secret', { description: 'What its holder sends. Only shown here.' }),
  }),
})

builder.mutationFields((t) => ({
  createToken: t.field({
    type: CreatedTokenRef,
    authScopes: SCOPE,
    description: 'Creates a token. It cannot have more scopes, vendors or time than the token that creates it.',
    args: {
      name: t.arg.string({ required: true, description: 'What it is for: 1 to 100 characters.' }),
      scopes: t.arg.stringList({ required: true, description: `What it may do, out of ${TOKEN_SCOPES.join(', ')}.` }),
      vendor: t.arg.string({
        description:
          "Username of the vendor whose things alone its holder sees and changes; the vendor may be new. All vendors if omitted; with a vendor's token, that vendor.",
      }),
      expiresAt: t.arg({ type: 'DateTime', description: 'When it stops being valid. Never if omitted.' }),
    },
    resolve: (_root, { name, scopes, vendor = null, expiresAt = null }, { app, caller }) =>
      createToken(app, { name, scopes, vendor, expiresAt, by: caller }),
  }),
  revokeToken: t.prismaField({
    type: TokenRef,
    authScopes: SCOPE,
    description: 'Refuses the token, and all that were created with it, from now on: within 5 s in every process.',
    args: { id: t.arg.globalID({ required: true, for: TokenRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app, caller } = context
      await revokeToken(app, await ownId('Token', id, context), { vendor: caller.vendor?.username ?? null })
      return app.prisma.token.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
}))
