import type { DeliveryHealth } from '../diagnose/delivery.ts'
import type { Finding } from '../diagnose/finding.ts'
import { builder } from './builder.ts'

export const FindingStatusRef = builder.enumType('FindingStatus', {
  description: 'The severity.',
  values: {
    OK: { description: 'as it should be' },
    WARNING: { description: 'works, but is costly or may cause surprises; or was not checked' },
    ERROR: { description: 'broken' },
  } as const,
})

const SCOPE = { operator: 'delivery:read' } as const

const FindingRef = builder.objectRef<Finding>('DeliveryFinding').implement({
  authScopes: SCOPE,
  description: 'The result of one delivery check.',
  fields: (t) => ({
    check: t.exposeString('check', { description: 'A stable name, such as failover.' }),
    status: t.expose('status', { type: FindingStatusRef, description: 'The severity.' }),
    message: t.exposeString('message', { description: 'What was found, with the values.' }),
    remedy: t.exposeString('remedy', { nullable: true, description: 'What to do about it; null if nothing is wrong.' }),
  }),
})

const DeliveryHealthRef = builder.objectRef<DeliveryHealth>('DeliveryHealth').implement({
  authScopes: SCOPE,
  description: 'The delivery of pictures, from a browser to this service.',
  fields: (t) => ({
    storedRequests: t.exposeFloat('storedRequests', {
      description:
        'Requests in the last 24 hours for pictures that were already stored: a correctly configured CDN finds them in the bucket.',
    }),
    madeRequests: t.exposeFloat('madeRequests', {
      description: 'Requests in the last 24 hours for pictures that were not stored yet, or had just been stored.',
    }),
    findings: t.field({
      type: [FindingRef],
      description: 'One finding per check.',
      resolve: ({ findings }) => [...findings],
    }),
  }),
})

/** It sends requests to the CDN and to the public address. */
const COMPLEXITY = 5000

builder.queryField('deliveryHealth', (t) =>
  t.field({
    type: DeliveryHealthRef,
    authScopes: SCOPE,
    complexity: COMPLEXITY,
    description:
      'Reads the live CDN distribution and requests a picture that was never issued from the public address. Takes some seconds.',
    resolve: async (_root, _args, { app }) => {
      // Other processes flush theirs every 10 s.
      await app.deliveries.flush()
      return await app.doctor.check()
    },
  }),
)
