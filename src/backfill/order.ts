import type { PoolClient } from 'pg'
import { AppError, toAppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { anyOf, execute, fetchFirst, now, query } from '../db/query.ts'
import type { WorkOrder } from '../variants/find-missing.ts'
import { announceEnd, HALT_CHANNEL } from './backfills.ts'
import { orderOf } from './request.ts'

/**
 * The order of a stored backfill. Null if one of its presets or formats was removed, and then the backfill ends as FAILED with the
 * reason. Throws UNAVAILABLE if a process that was started later offers the preset: then this process is outdated, and others do the
 * work. In the caller's transaction.
 */
export async function readOrder(
  client: PoolClient,
  app: Parameters<typeof orderOf>[0],
  backfill: Parameters<typeof orderOf>[1] & { id: number },
): Promise<WorkOrder | null> {
  const { presets } = app
  try {
    return orderOf(app, backfill)
  } catch (error) {
    const { code, message } = toAppError(error)
    if (code !== 'BAD_INPUT') throw error
    const unknown = backfill.presets.filter((name) => !presets.has(name))
    const known = await execute(client, query.selectFrom('coverage_preset').where('preset', '=', anyOf(unknown)))
    if (unknown.length > 0 && known === unknown.length)
      throw new AppError('UNAVAILABLE', `${message} A process that was started later has it: restart this one.`, {
        cause: error,
      })
    await failBackfill(
      client,
      backfill.id,
      `${message} It was offered when the backfill was started: start another one.`,
    )
    return null
  }
}

/** Steps that a whole backfill waits for, as `abandonBackfill` names them. */
export const PLANNING = 'planning'
export const COMPOSING = 'composing previews'

/** Ends a backfill one of whose steps, such as planning, failed at the queue's last attempt: nothing else would continue it. */
export async function abandonBackfill(
  pg: Pg,
  id: number,
  { step, cause }: { step: string; cause: string },
): Promise<void> {
  const reason = `The backfill failed at ${step}, at every attempt: ${cause}`
  await inTransaction(pg, (client) => failBackfill(client, id, reason))
}

/** Ends an unfinished backfill as FAILED, whatever remains of it. Renders in progress are finished and kept. */
async function failBackfill(client: PoolClient, id: number, reason: string): Promise<void> {
  const failed = query.updateTable('backfill').set({ status: 'FAILED', finished_at: now, error: reason })
  const unfinished = failed.where('id', '=', id).where('status', 'in', ['PLANNING', 'RUNNING', 'PAUSED'])
  const ended = await fetchFirst(client, unfinished.returning(['status', 'mode']))
  if (!ended) return
  await notify(client, HALT_CHANNEL, String(id))
  await announceEnd(client, { id, ...ended })
  log.warn('a backfill cannot continue', { backfill: id, reason })
}
