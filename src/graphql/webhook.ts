import type { Event } from '../../prisma/generated/client/client.ts'
import type { GlobalId } from '../core/global-id.ts'
import { EVENT_TYPES } from '../webhooks/event-types.ts'
import { bodyOf, eventIdOf } from '../webhooks/post-event.ts'
import {
  createWebhook,
  deleteWebhook,
  enableWebhook,
  OVERLAP_HOURS,
  replay,
  rotateWebhookSecret,
} from '../webhooks/webhooks.ts'
import { builder, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { actingFor, own, ownId } from './own.ts'

/** Reading webhooks needs the same scope as creating them: a URL is often a secret. */
const SCOPE = { token: 'webhook:write' } as const

const WebhookRef = builder.prismaNode('Webhook', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'A URL that events are sent to, signed as in Standard Webhooks.',
  select: { id: true },
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The URL that events are sent to.' }),
    types: t.exposeStringList('types', { description: 'The event types that it receives.' }),
    vendor: t.exposeString('vendor', {
      nullable: true,
      description: 'Username of the vendor whose events it receives; null: of all vendors.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When it was added; it receives events from then on.',
    }),
    waiting: t.int({
      description: 'Events waiting to be delivered to it.',
      resolve: ({ id }, _args, { loaders }) => loaders.waitingEvents.load(id),
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it has accepted none of the events sent. After seven days it is disabled.',
    }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'Why the latest attempt failed; null if it succeeded.',
    }),
    previousSecretUntil: t.expose('previousSecretUntil', {
      type: 'DateTime',
      nullable: true,
      description:
        'Until when deliveries are signed with the secret before the last rotation too; null, or in the past: with the current one alone.',
    }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it was disabled: because it answered 410, or accepted nothing for seven days. Events since then are neither recorded for it nor sent.',
    }),
  }),
})

/** It is printed again for each alias. */
const BODY_COMPLEXITY = 5

const toStored = ({ id, ...event }: Event) => ({ ...event, id: String(id) })

const DeadLetterRef = builder.prismaNode('DeadLetter', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'An event that could not be delivered to a webhook in all attempts. Kept for 30 days.',
  select: { id: true },
  fields: (t) => ({
    webhook: t.relation('webhook', { description: 'The webhook that did not accept it.' }),
    eventId: t.string({
      description: 'As in the header webhook-id.',
      select: { event: true },
      resolve: ({ event }) => eventIdOf(toStored(event)),
    }),
    type: t.string({
      description: 'Type of the event.',
      select: { event: true },
      resolve: ({ event }) => event.type,
    }),
    family: t.id({
      nullable: true,
      description: 'The unique id of the family that the event is about, if any.',
      select: { family: true },
      resolve: ({ family }) => family || null,
    }),
    body: t.string({
      description: 'What was sent, as JSON.',
      complexity: BODY_COMPLEXITY,
      select: { event: true },
      resolve: ({ event }) => bodyOf(toStored(event)),
    }),
    attempts: t.exposeInt('attempts', { description: 'Attempts so far, including those of replays.' }),
    status: t.exposeInt('status', {
      nullable: true,
      description: 'HTTP status of the last response, if there was one.',
    }),
    error: t.exposeString('error', { description: 'Why the last attempt failed.' }),
    replaying: t.exposeBoolean('replaying', {
      description: 'Whether it is queued for delivery again; it is deleted once delivered.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When its last attempt failed.' }),
  }),
})

const WebhookConnection = connectionOf('Webhook', WebhookRef)
const DeadLetterConnection = connectionOf('DeadLetter', DeadLetterRef)

builder.queryFields((t) => ({
  webhooks: t.connection(
    {
      type: WebhookRef,
      authScopes: SCOPE,
      description: 'The webhooks, oldest first.',
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { webhook } = context.app.prisma
        const filter = own('Webhook', context.caller)
        const find = ({ where, ...query }: PageQuery) => webhook.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => webhook.count({ where: filter })
        return readPage({ args, context, info }, { order: 'asc', find, count })
      },
    },
    WebhookConnection,
  ),
  deadLetters: t.connection(
    {
      type: DeadLetterRef,
      authScopes: SCOPE,
      description: 'Newest first.',
      args: { webhook: t.arg.globalID({ for: WebhookRef, description: 'All webhooks if omitted.' }) },
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { deadLetter } = context.app.prisma
        const filter = { AND: [whereOf(args.webhook), own('DeadLetter', context.caller)] }
        const find = ({ where, ...query }: PageQuery) =>
          deadLetter.findMany({ ...query, where: { ...filter, ...where } })
        const count = () => deadLetter.count({ where: filter })
        return readPage({ args, context, info }, { order: 'desc', find, count })
      },
    },
    DeadLetterConnection,
  ),
}))

const CreatedWebhookRef = builder.objectRef<{ id: number; secret: string }>('CreatedWebhook').implement({
  authScopes: SCOPE,
  description: 'A webhook and its secret.',
  fields: (t) => ({
    webhook: t.prismaField({
      type: WebhookRef,
      description: 'The webhook.',
      resolve: (query, { id }, _args, { app }) => app.prisma.webhook.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    secret: t.exposeString('secret', {
      description: 'whsec_…, the key that deliveries are signed with. Only shown here.',
    }),
  }),
})

builder.mutationFields((t) => ({
  createWebhook: t.field({
    type: CreatedWebhookRef,
    authScopes: SCOPE,
    description: 'It receives events from now on, at least once, in order within a family.',
    args: {
      url: t.arg.string({
        required: true,
        description: 'https, of at most 2,000 characters; http for hosts in WEBHOOK_PRIVATE_HOSTS.',
      }),
      types: t.arg.stringList({
        required: true,
        description: `The event types to receive, out of ${EVENT_TYPES.join(', ')}.`,
      }),
      vendor: t.arg.string({
        description:
          "Username of the vendor whose events alone it receives, at a public address. All vendors if omitted; with a vendor's token, that vendor.",
      }),
    },
    resolve: (_root, { vendor, ...args }, { app, caller }) => {
      if (vendor) actingFor(caller, vendor)
      return createWebhook(app, { ...args, vendor: vendor ?? caller.vendor?.username ?? null })
    },
  }),
  rotateWebhookSecret: t.field({
    type: CreatedWebhookRef,
    authScopes: SCOPE,
    description:
      'Gives it another secret. For some hours deliveries are signed with the previous one too, so that receivers can change to the new one meanwhile.',
    args: {
      id: t.arg.globalID({ required: true, for: WebhookRef, description: 'Its node id.' }),
      overlapHours: t.arg.int({
        required: true,
        defaultValue: OVERLAP_HOURS.default,
        description: `Hours for which the previous secret signs too, at most ${OVERLAP_HOURS.max}. 0: it ends now, because others may know it.`,
      }),
    },
    resolve: async (_root, { id, overlapHours }, context) =>
      rotateWebhookSecret(context.app, { id: await ownId('Webhook', id, context), overlapHours }),
  }),
  deleteWebhook: t.boolean({
    authScopes: SCOPE,
    description: 'Deletes it with its pending events and dead letters.',
    args: { id: t.arg.globalID({ required: true, for: WebhookRef, description: 'Its node id.' }) },
    resolve: async (_root, { id }, context) => {
      await deleteWebhook(context.app, await ownId('Webhook', id, context))
      return true
    },
  }),
  enableWebhook: t.prismaField({
    type: WebhookRef,
    authScopes: SCOPE,
    description: 'Enables a disabled webhook; its pending events are sent.',
    args: { id: t.arg.globalID({ required: true, for: WebhookRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await enableWebhook(app, await ownId('Webhook', id, context))
      return app.prisma.webhook.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
  replayDeadLetter: t.int({
    authScopes: SCOPE,
    description:
      'Queues it again, ahead of later events of its family, with a full set of attempts. Returns how many were queued: 0 if it is queued already.',
    args: { id: t.arg.globalID({ required: true, for: DeadLetterRef, description: 'Its node id.' }) },
    resolve: async (_root, { id }, context) =>
      replay(context.app, { deadLetterId: await ownId('DeadLetter', id, context) }),
  }),
  replayDeadLetters: t.int({
    authScopes: SCOPE,
    description: 'Replays all dead letters of a webhook; returns how many.',
    args: { webhook: t.arg.globalID({ required: true, for: WebhookRef, description: 'Its node id.' }) },
    resolve: async (_root, { webhook }, context) =>
      replay(context.app, { webhookId: await ownId('Webhook', webhook, context) }),
  }),
}))

const whereOf = (webhook: GlobalId | null | undefined) => (webhook ? { webhookId: numberOf(webhook) } : {})
