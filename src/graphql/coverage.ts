import { resolveScope } from '../catalogue/scope.ts'
import { type PresetCoverage, readCoverage } from '../coverage/read.ts'
import { builder } from './builder.ts'
import { SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'
import { reachable } from './visible.ts'

/** Reading coverage may first count some sets: at most a hundred per query. */
const COVERAGE_COMPLEXITY = 500

const SCOPE = { token: 'operations:read' } as const

const PresetCoverageRef = builder.objectRef<PresetCoverage>('PresetCoverage').implement({
  authScopes: SCOPE,
  description:
    "How many items have a picture in a preset, in the preset's first format. total = ready + stale + missing + failed; items that are taken down are not counted.",
  fields: (t) => ({
    preset: t.exposeString('preset', { description: 'Name of the preset.' }),
    total: t.exposeInt('total', { description: 'Number of items in the scope.' }),
    ready: t.exposeInt('ready', {
      description: 'Items with the picture of the current source and preset, under the key of its URL.',
    }),
    stale: t.exposeInt('stale', {
      description:
        'Items with a picture of an older source or preset only, or under the key of another URL secret only.',
    }),
    missing: t.exposeInt('missing', { description: 'Items without a picture.' }),
    failed: t.exposeInt('failed', {
      description: 'Items that are not ready and whose current source cannot be rendered.',
    }),
    isExact: t.exposeBoolean('isExact', {
      description:
        'True: the counts are current. False: recent changes are not counted yet; a worker counts them within two seconds, within twelve while viewers wait for pictures. After a preset or the URL secret has changed it takes longer, and ready items count as stale meanwhile.',
    }),
  }),
})

builder.queryField('coverage', (t) =>
  t.field({
    type: [PresetCoverageRef],
    authScopes: SCOPE,
    description:
      'Per preset: total, ready, stale, missing, failed. Presets made only on request (`Preset.backfill`) and transforms are not counted.',
    complexity: COVERAGE_COMPLEXITY,
    args: {
      scope: t.arg({ type: ScopeInputRef, description: 'The whole catalogue if omitted.' }),
      in: t.arg({ type: ScopeRef, description: SAME_AS_SCOPE }),
    },
    resolve: async (_root, args, context) => {
      const { app, caller } = context
      return readCoverage(app, await resolveScope(app.prisma, scopeOf(args), caller.vendor, reachable(context)))
    },
  }),
)
