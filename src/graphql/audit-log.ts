import { builder } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { own } from './own.ts'

const SCOPE = { token: 'operations:read' } as const

const AuditEntryRef = builder.prismaNode('AuditEntry', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'Something that was done on behalf of somebody, or refused.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    actor: t.exposeString('actor', {
      description:
        'Who: `admin`, `token:` and the prefix of the token, `jwt:` and its subject, `anonymous`, `unknown` for an invalid token, `command` or `system`.',
    }),
    vendor: t.exposeString('vendor', {
      nullable: true,
      description: "Username of the vendor that the actor's token is bound to, if any.",
    }),
    action: t.exposeString('action', {
      description:
        'What: the name of a mutation or field, `authenticate` for a refused token, `configure` for a start.',
    }),
    target: t.exposeString('target', {
      nullable: true,
      description: 'What it concerned: a node id, a unique id, a name, a path, or the changed variables.',
    }),
    outcome: t.exposeString('outcome', { description: '`DONE`, or the code of the error.' }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The X-Request-Id of the request and its response.',
    }),
  }),
})
const AuditEntryConnection = connectionOf('AuditEntry', AuditEntryRef)

builder.queryField('auditLog', (t) =>
  t.connection(
    {
      type: AuditEntryRef,
      authScopes: SCOPE,
      description:
        "Every mutation, refused token and changed configuration of the last AUDIT_DAYS, newest first; with a vendor's token, what was done with that vendor's tokens. The full list is available as JSON Lines at /audit.jsonl.",
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { auditEntry } = context.app.prisma
        const filter = own('AuditEntry', context.caller)
        const find = ({ where, ...query }: PageQuery) =>
          auditEntry.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => auditEntry.count({ where: filter })
        return readPage({ args, context, info }, { order: 'desc', find, count })
      },
    },
    AuditEntryConnection,
  ),
)
