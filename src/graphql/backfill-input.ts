import { type BackfillRequest, checkRequest } from '../backfill/request.ts'
import { resolveScope } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import { builder, type Context } from './builder.ts'
import { ImageFormatRef } from './image.ts'
import { SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'

const LIST_MAX = 50

export const BackfillModeRef = builder.enumType('BackfillMode', {
  description: 'Which items in its scope a backfill processes.',
  values: {
    MISSING: { description: 'no image at all' },
    STALE: {
      description:
        'missing, or made from an older source or recipe, or under the key of another URL secret, which is copied',
    },
    FAILED: { description: 'failed before; retried' },
    ALL: { description: 'everything, again' },
  } as const,
})

export const BackfillPriorityRef = builder.enumType('BackfillPriority', {
  description: 'Which of several backfills goes first.',
  values: {
    LOW: { description: 'only what others leave free' },
    NORMAL: { description: 'shares fairly with others of the same priority' },
    HIGH: { description: 'within seconds, others continue only with what it leaves free' },
  } as const,
})

export const BackfillInputRef = builder.inputType('BackfillInput', {
  description: 'What a backfill makes, and for which items.',
  fields: (t) => ({
    scope: t.field({ type: ScopeInputRef, description: 'The whole catalogue if omitted.' }),
    in: t.field({ type: ScopeRef, description: SAME_AS_SCOPE }),
    presets: t.stringList({
      description:
        'Names of presets. If omitted, all presets except those made only on request (`Preset.backfill`). An empty list is refused.',
      extensions: { names: 'presets' },
    }),
    formats: t.field({
      type: [ImageFormatRef],
      description: 'The first format of each preset if omitted. An empty list is refused.',
    }),
    mode: t.field({
      type: BackfillModeRef,
      defaultValue: 'STALE',
      description: 'Which items in the scope to process.',
    }),
    codes: t.stringList({
      description: 'Mode FAILED retries only these codes; all if omitted. An empty list is refused.',
    }),
    maxRenderers: t.int({
      description: 'Renderers of all workers that it uses at once, 1 to 1,024; all of them if omitted.',
    }),
    notAfter: t.field({
      type: 'DateTime',
      description:
        'No render starts after this time: if it is not done by then, it is PAUSED, and `error` says so. Resuming it continues without this limit.',
    }),
    priority: t.field({
      type: BackfillPriorityRef,
      description:
        "Which of several backfills goes first: NORMAL if omitted. Starting an identical backfill again with another one changes it. A vendor's token cannot choose HIGH.",
    }),
    previews: t.boolean({
      description:
        "Also compose the families' previews, in all layouts: missing ones, or with mode ALL every one. The last ones are composed when all items are rendered, before the backfill is COMPLETED. They do not count towards its progress.",
    }),
  }),
})

/** Converts the input to a request. Throws BAD_INPUT or NOT_FOUND. */
export async function requestOf(
  { app, caller }: Context,
  input: typeof BackfillInputRef.$inferInput | null | undefined,
): Promise<BackfillRequest> {
  for (const list of [input?.presets, input?.formats, input?.codes]) {
    if (list && list.length > LIST_MAX)
      throw new AppError(
        'BAD_INPUT',
        `A list in the input has ${list.length} entries; at most ${LIST_MAX} are allowed.`,
      )
  }
  if (caller.vendor && input?.priority === 'HIGH')
    throw new AppError('FORBIDDEN', "A vendor's token cannot choose priority HIGH, which would delay other vendors.")
  const scope = await resolveScope(app.prisma, scopeOf(input ?? {}), caller.vendor)
  return checkRequest(app.presets, { ...input, scope })
}
