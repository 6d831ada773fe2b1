import { findToCompose } from '../composites/dirty-families.ts'
import type { ComposeDeps } from '../composites/make.ts'
import { composeLayouts } from '../composites/schedule.ts'
import { type ErrorCode, toAppError } from '../core/errors.ts'
import { causes, log } from '../core/log.ts'
import { inTransaction } from '../db/database.ts'
import { execute, fetchFirst, query } from '../db/query.ts'
import { finishIfDone } from './backfills.ts'

/** Families read in one statement. */
const FAMILIES_AT_ONCE = 20

/** Errors of a single family, which do not stop the others. */
const SKIPPED: { readonly [code in ErrorCode]?: true } = { BUSY: true, NOT_FOUND: true }

/**
 * Composes the missing previews of the families in a backfill's scope (with mode ALL, every preview) after its items are made, and ends
 * the backfill. Safe to run again: it continues after the last family. Ends early when the backfill is paused or cancelled, or `signal`
 * aborts (`stopped`).
 */
export async function composeBackfill(
  app: ComposeDeps,
  backfillId: number,
  signal: AbortSignal,
): Promise<'done' | 'halted' | 'stopped'> {
  const { pg } = app
  const updating = query.updateTable('backfill').where('id', '=', backfillId)
  for (;;) {
    const running = query
      .selectFrom('backfill')
      .select(['vendor_id as vendorId', 'family_id as familyId', 'icon_set_id as iconSetId'])
      .select(['composed_to_family_id as afterId', 'mode'])
      .where('id', '=', backfillId)
      .where('status', '=', 'RUNNING')
      .where('is_composed', '=', false)
    const backfill = await fetchFirst(pg, running)
    if (!backfill) return 'halted'
    const { afterId, mode, ...scope } = backfill
    const replace = mode === 'ALL'
    const ids = await findToCompose(app, { scope, all: replace, afterId, limit: FAMILIES_AT_ONCE })
    for (const id of ids) {
      try {
        if (!(await composeLayouts(app, id, { signal, replace }))) return 'stopped'
      } catch (error) {
        if (signal.aborted) return 'stopped'
        if (SKIPPED[toAppError(error).code] !== true) throw error
        log.warn('a family cannot be composed', { familyId: id, cause: causes(error) })
      }
      const composed = updating.set({ composed_to_family_id: id }).returning('status')
      if ((await fetchFirst(pg, composed))?.status !== 'RUNNING') return 'halted'
    }
    if (ids.length < FAMILIES_AT_ONCE) break
  }
  await inTransaction(pg, async (client) => {
    await execute(client, updating.set({ is_composed: true }))
    await finishIfDone(client, backfillId)
  })
  return 'done'
}
