import type { DeliveryTotals } from '../diagnose/delivery-counts.ts'
import { type Operations, readOperations } from '../diagnose/operations.ts'
import type { WorkerJob, WorkerProcess } from '../jobs/read-workers.ts'
import { builder } from './builder.ts'
import { FindingStatusRef } from './delivery-health.ts'
import { everyFewSeconds } from './follow.ts'

/** It counts up to 100,000 rows. */
const COMPLEXITY = 1000

const RequestCountsRef = builder.objectRef<Readonly<DeliveryTotals>>('RequestCounts').implement({
  authScopes: { operator: 'operations:read' },
  description: 'Responses of the origin handler; redirects and other errors are not counted.',
  fields: (t) => ({
    stored: t.exposeFloat('stored', { description: 'Pictures that were stored before the request.' }),
    made: t.exposeFloat('made', { description: 'Pictures that were made for the request, or a moment before.' }),
    refused: t.exposeFloat('refused', { description: '429 and 503: the viewer had to try again.' }),
    notFound: t.exposeFloat('notFound', { description: '404: the URL was never issued.' }),
  }),
})

const WorkerJobRef = builder.objectRef<WorkerJob>('WorkerJob').implement({
  authScopes: { operator: 'operations:read' },
  description: 'A job that a worker is running.',
  fields: (t) => ({
    task: t.exposeString('task', { description: 'The name of its task.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When it was started.' }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'What it works on, such as "backfill 3" or "24 items".',
    }),
  }),
})

const WorkerRef = builder.objectRef<WorkerProcess>('Worker').implement({
  authScopes: { operator: 'operations:read' },
  description: 'A worker process that is alive.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'An id that it was given when it started. Not a node id.' }),
    host: t.exposeString('host', { description: 'The name of its host or container.' }),
    pid: t.exposeInt('pid', { description: 'Its process id on that host.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it was started.' }),
    heartbeatAt: t.expose('heartbeatAt', {
      type: 'DateTime',
      description: 'When it was last heard of; it reports every 10 s.',
    }),
    jobs: t.field({
      type: [WorkerJobRef],
      description: 'The jobs that it is running, oldest first.',
      resolve: ({ jobs }) => [...jobs],
    }),
  }),
})

const OperationsRef = builder.objectRef<Operations>('Operations').implement({
  authScopes: { operator: 'operations:read' },
  description: 'What the service does at the moment, over all of its processes.',
  fields: (t) => ({
    vendors: t.int({ description: 'Number of vendors.', resolve: ({ size }) => size.vendors }),
    items: t.int({
      description: 'Number of items; above 50,000 an estimate, usually within a few percent.',
      resolve: ({ size }) => size.items,
    }),
    images: t.float({
      description: 'Number of recorded pictures; above 50,000 an estimate, usually within a few percent.',
      resolve: ({ size }) => size.images,
    }),
    requests: t.field({
      type: RequestCountsRef,
      description: 'Requests for pictures of the last 24 hours that reached the origin handler.',
      resolve: ({ deliveries }) => deliveries,
    }),
    missP50Ms: t.float({
      nullable: true,
      description:
        'Within this time in ms, from arrival to response, half of the pictures made for a request in the last 24 hours were sent: the upper bound of a bucket. Null if there were none.',
      resolve: ({ deliveries }) => deliveries.missP50Ms,
    }),
    missP95Ms: t.float({
      nullable: true,
      description: 'The same for 95 % of them.',
      resolve: ({ deliveries }) => deliveries.missP95Ms,
    }),
    workers: t.field({
      type: [WorkerRef],
      description: 'Worker processes that are alive, oldest first; at most 200.',
      resolve: ({ workers }) => [...workers],
    }),
    webhooksWaiting: t.int({
      description: 'Events waiting for delivery, over all webhooks.',
      resolve: ({ webhooks }) => webhooks.waiting,
    }),
    webhooksDead: t.int({
      description: 'Events that could not be delivered in all attempts.',
      resolve: ({ webhooks }) => webhooks.dead,
    }),
    deliveryStatus: t.expose('deliveryStatus', {
      type: FindingStatusRef,
      description:
        'OK, or the worst finding of the last check of delivery, at most some minutes old; WARNING before the first check. See deliveryHealth.',
    }),
  }),
})

builder.queryField('operations', (t) =>
  t.field({
    type: OperationsRef,
    authScopes: { operator: 'operations:read' },
    description: 'What the service does at the moment.',
    complexity: COMPLEXITY,
    resolve: (_root, _args, { app }) => readOperations(app),
  }),
)

builder.subscriptionField('operationsProgress', (t) =>
  t.field({
    type: OperationsRef,
    authScopes: { operator: 'operations:read' },
    description: 'The same as `operations`, immediately and then every 2 s.',
    complexity: COMPLEXITY,
    subscribe: (_root, _args, context) => everyFewSeconds(context),
    resolve: (_tick, _args, { app }) => readOperations(app),
  }),
)
