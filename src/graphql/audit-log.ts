import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { isUniqueId } from '../core/variant.ts'
import type { Prisma } from '../db/database.ts'
import { builder } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { parseIds, rowIdOf } from './ids.ts'
import { own } from './own.ts'

const SCOPE = { token: 'operations:read' } as const
/** As much of a target as is recorded. */
const TARGET_MAX = 300

const AuditEntryRef = builder.prismaNode('AuditEntry', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'Something that was done on behalf of somebody, or refused.',
  select: { id: true },
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
      args: {
        target: t.arg.string({
          description: `Only entries with this target. The node id and the unique id of an item, set or family each find the entries with either. At most ${TARGET_MAX} characters.`,
        }),
      },
      resolve: async (_root, { target, ...args }, context, info) => {
        const { auditEntry } = context.app.prisma
        const filter = {
          ...own('AuditEntry', context.caller),
          ...(typeof target === 'string' ? { target: { in: await namesOf(context.app.prisma, target) } } : {}),
        }
        const find = ({ where, ...query }: PageQuery) =>
          auditEntry.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => auditEntry.count({ where: filter })
        return readPage({ args, context, info }, { order: 'desc', find, count })
      },
    },
    AuditEntryConnection,
  ),
)

/** The names under which something may have been recorded: mutations take a node id or a unique id, and record what they were given. */
async function namesOf(prisma: Prisma, target: string): Promise<string[]> {
  if (target.length > TARGET_MAX)
    throw new AppError('BAD_INPUT', `target has ${target.length} characters; at most ${TARGET_MAX} are allowed.`)
  if (isUniqueId(target)) {
    const [node] = await parseIds(prisma, [target])
    return node ? [target, printGlobalId(node.typename, node.id)] : [target]
  }
  const select = { uniqueId: true } as const
  const id = (...typenames: string[]) => typenames.map((each) => rowIdOf(each, target)).find((each) => each !== null)
  const [item, iconSet, family] = [id('Icon', 'Illustration'), id('IconSet'), id('Family')]
  const found =
    (item && (await prisma.item.findUnique({ where: { id: item }, select }))) ||
    (iconSet && (await prisma.iconSet.findUnique({ where: { id: iconSet }, select }))) ||
    (family && (await prisma.family.findUnique({ where: { id: family }, select })))
  return found ? [target, found.uniqueId] : [target]
}
