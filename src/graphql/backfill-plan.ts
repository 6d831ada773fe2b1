import type { BackfillPlan } from '../backfill/estimate.ts'
import { BackfillInputRef, requestOf } from './backfill-input.ts'
import { builder } from './builder.ts'

/** It scans every item in scope: at most one per query. */
const PLAN_COMPLEXITY = 40_000

const SCOPES = { token: ['operations:read', 'backfill:write'] } as const

const BackfillPlanRef = builder.objectRef<BackfillPlan>('BackfillPlan').implement({
  authScopes: SCOPES,
  description: 'An estimate of the work of a backfill.',
  fields: (t) => ({
    items: t.exposeInt('items', { description: 'Items in scope that need work.' }),
    images: t.exposeInt('images', { description: 'Missing images of these items.' }),
    failedBefore: t.exposeInt('failedBefore', {
      description:
        'Items whose current source has failed before: modes FAILED and ALL retry them, the others skip them.',
    }),
    estimatedSeconds: t.exposeInt('estimatedSeconds', {
      nullable: true,
      description: 'At the speed of the latest backfills, with as many workers; null if none ran within a day.',
    }),
    estimatedBytes: t.exposeFloat('estimatedBytes', {
      nullable: true,
      description: 'Based on the size of the latest images; null if a variant has no images yet.',
    }),
  }),
})

builder.queryField('planBackfill', (t) =>
  t.field({
    type: BackfillPlanRef,
    authScopes: SCOPES,
    description: 'Estimates a backfill with this input without starting it.',
    complexity: PLAN_COMPLEXITY,
    args: { input: t.arg({ type: BackfillInputRef, description: 'The same input as for startBackfill.' }) },
    resolve: async (_root, { input }, context) => context.app.estimateBackfill(await requestOf(context, input)),
  }),
)
