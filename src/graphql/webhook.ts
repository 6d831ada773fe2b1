import type { Event } from '../../prisma/generated/client/client.ts'
import type { GlobalId } from '../core/global-id.ts'
import { EVENT_TYPES } from '../webhooks/outbox.ts'
import { bodyOf, eventIdOf } from '../webhooks/post-event.ts'
import { createWebhook, deleteWebhook, enableWebhook, replay } from '../webhooks/webhooks.ts'
import { builder, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'

/** Who may make webhooks may read them: a url is often a secret. */
const SCOPE = { token: 'webhook:write' } as const

const WebhookRef = builder.prismaNode('Webhook', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'A URL that events are sent to, signed by Standard Webhooks. scope webhook:write.',
  fields: (t) => ({
    url: t.exposeString('url'),
    types: t.exposeStringList('types', { description: 'Types of the events that it receives.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    waiting: t.int({
      description: 'Events that wait to be delivered to it.',
      resolve: ({ id }, _args, { loaders }) => loaders.waitingEvents.load(id),
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it has accepted nothing, although events were sent. After seven days it is disabled.',
    }),
    error: t.exposeString('error', { nullable: true, description: 'Why the latest attempt failed, while it fails.' }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it was disabled: it answered 410, or accepted nothing for seven days. Since then no event is recorded for it or sent.',
    }),
  }),
})

const toStored = ({ id, ...event }: Event) => ({ ...event, id: String(id) })

const DeadLetterRef = builder.prismaNode('DeadLetter', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'An event that a webhook did not accept after all attempts. Kept for 30 days. scope webhook:write.',
  fields: (t) => ({
    webhook: t.relation('webhook'),
    eventId: t.string({
      description: 'As in the header webhook-id.',
      select: { event: true },
      resolve: ({ event }) => eventIdOf(toStored(event)),
    }),
    type: t.string({ select: { event: true }, resolve: ({ event }) => event.type }),
    family: t.id({ nullable: true, description: 'Its unique id.', resolve: ({ family }) => family || null }),
    body: t.string({
      description: 'What was sent, as JSON.',
      select: { event: true },
      resolve: ({ event }) => bodyOf(toStored(event)),
    }),
    attempts: t.exposeInt('attempts', { description: 'Attempts so far, those of replays included.' }),
    status: t.exposeInt('status', { nullable: true, description: 'HTTP status of the last answer, if one came.' }),
    error: t.exposeString('error', { description: 'Why the last attempt failed.' }),
    replaying: t.exposeBoolean('replaying', {
      description: 'It is queued for delivery again; once delivered, it is gone.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was given up.' }),
  }),
})

const WebhookConnection = connectionOf('Webhook', WebhookRef)
const DeadLetterConnection = connectionOf('DeadLetter', DeadLetterRef)

builder.queryFields((t) => ({
  webhooks: t.connection(
    {
      type: WebhookRef,
      authScopes: SCOPE,
      description: 'scope webhook:write.',
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { webhook } = context.app.prisma
        const find = (query: PageQuery) => webhook.findMany(query)
        return readPage({ args, context, info }, { order: 'asc', find, count: () => webhook.count() })
      },
    },
    WebhookConnection,
  ),
  deadLetters: t.connection(
    {
      type: DeadLetterRef,
      authScopes: SCOPE,
      description: 'scope webhook:write. The newest first.',
      args: { webhook: t.arg.globalID({ for: WebhookRef, description: 'None: of all webhooks.' }) },
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { deadLetter } = context.app.prisma
        const asked = whereOf(args.webhook)
        const find = ({ where, ...query }: PageQuery) =>
          deadLetter.findMany({ ...query, where: { ...asked, ...where } })
        const count = () => deadLetter.count({ where: asked })
        return readPage({ args, context, info }, { order: 'desc', find, count })
      },
    },
    DeadLetterConnection,
  ),
}))

const CreatedWebhookRef = builder.objectRef<{ id: number; secret: string }>('CreatedWebhook').implement({
  fields: (t) => ({
    webhook: t.prismaField({
      type: WebhookRef,
      resolve: (query, { id }, _args, { app }) => app.prisma.webhook.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    secret: t.exposeString('secret', { description: 'whsec_…, what deliveries are signed with. Shown here only.' }),
  }),
})

builder.mutationFields((t) => ({
  createWebhook: t.field({
    type: CreatedWebhookRef,
    authScopes: SCOPE,
    description: 'scope webhook:write. It receives events from now on, at least once, in order within a family.',
    args: {
      url: t.arg.string({
        required: true,
        description: 'https, of at most 2,000 characters; http for localhost and WEBHOOK_PRIVATE_HOSTS.',
      }),
      types: t.arg.stringList({ required: true, description: `Of ${EVENT_TYPES.join(', ')}.` }),
    },
    resolve: (_root, args, { app }) => createWebhook(app, args),
  }),
  deleteWebhook: t.boolean({
    authScopes: SCOPE,
    description: 'scope webhook:write. Deletes it with its waiting events and its dead letters.',
    args: { id: t.arg.globalID({ required: true, for: WebhookRef }) },
    resolve: async (_root, { id }, { app }) => {
      await deleteWebhook(app, numberOf(id))
      return true
    },
  }),
  enableWebhook: t.prismaField({
    type: WebhookRef,
    authScopes: SCOPE,
    description: 'scope webhook:write. Enables a disabled webhook; events that wait for it are sent.',
    args: { id: t.arg.globalID({ required: true, for: WebhookRef }) },
    resolve: async (query, _root, { id }, { app }) => {
      await enableWebhook(app, numberOf(id))
      return app.prisma.webhook.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  replayDeadLetter: t.int({
    authScopes: SCOPE,
    description:
      'scope webhook:write. Queues it again, before everything that came after it in its family, with all attempts again. Returns how many were queued: 0 when it is queued already.',
    args: { id: t.arg.globalID({ required: true, for: DeadLetterRef }) },
    resolve: (_root, { id }, { app }) => replay(app, { deadLetterId: numberOf(id) }),
  }),
  replayDeadLetters: t.int({
    authScopes: SCOPE,
    description: 'scope webhook:write. Replays all dead letters of a webhook; returns how many.',
    args: { webhook: t.arg.globalID({ required: true, for: WebhookRef }) },
    resolve: (_root, { webhook }, { app }) => replay(app, { webhookId: numberOf(webhook) }),
  }),
}))

const whereOf = (webhook: GlobalId | null | undefined) => (webhook ? { webhookId: numberOf(webhook) } : {})
