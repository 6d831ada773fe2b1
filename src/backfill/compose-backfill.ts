import { findToCompose } from '../composites/dirty-families.ts'
import type { ComposeDeps } from '../composites/make.ts'
import { composeLayouts } from '../composites/schedule.ts'
import { type ErrorCode, toAppError } from '../core/errors.ts'
import { causes, log } from '../core/log.ts'
import { inTransaction } from '../db/database.ts'
import { finishIfDone } from './backfills.ts'

/** Found in one statement. */
const FAMILIES_AT_ONCE = 20

/** Errors of one family, which do not stop the others. */
const SKIPPED: { readonly [code in ErrorCode]?: true } = { BUSY: true, NOT_FOUND: true }

/**
 * Composes the missing previews of the families of a backfill's scope, or in mode ALL all of them again, after its items are
 * made, and ends it. Safe to run again: it continues after the last family. Ends early when the backfill is paused or
 * cancelled, or `signal` aborts (`stopped`).
 */
export async function composeBackfill(
  app: ComposeDeps,
  backfillId: number,
  signal: AbortSignal,
): Promise<'done' | 'halted' | 'stopped'> {
  const { pg, layouts } = app
  for (;;) {
    const { rows } = await pg.query(
      `select vendor_id as "vendorId", family_id as "familyId", icon_set_id as "iconSetId",
              composed_to_family_id as "afterId", mode = 'ALL' as replace
       from backfill where id = $1 and status = 'RUNNING' and not is_composed`,
      [backfillId],
    )
    if (!rows[0]) return 'halted'
    const { afterId, replace, ...scope } = rows[0]
    const ids = await findToCompose(pg, { layouts, scope, all: replace, afterId, limit: FAMILIES_AT_ONCE })
    for (const id of ids) {
      try {
        if (!(await composeLayouts(app, id, { signal, replace }))) return 'stopped'
      } catch (error) {
        if (signal.aborted) return 'stopped'
        if (SKIPPED[toAppError(error).code] !== true) throw error
        log.warn('a family cannot be composed', { familyId: id, cause: causes(error) })
      }
      const { rows: states } = await pg.query<{ status: string }>(
        'update backfill set composed_to_family_id = $2 where id = $1 returning status',
        [backfillId, id],
      )
      if (states[0]?.status !== 'RUNNING') return 'halted'
    }
    if (ids.length < FAMILIES_AT_ONCE) break
  }
  await inTransaction(pg, async (client) => {
    await client.query('update backfill set is_composed = true where id = $1', [backfillId])
    await finishIfDone(client, backfillId)
  })
  return 'done'
}
