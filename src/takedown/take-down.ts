import { AppError } from '../core/errors.ts'
import type { Pg } from '../db/database.ts'
import { inTransaction } from '../db/database.ts'
import { execute, fetchFirst, now, query } from '../db/query.ts'
import { enqueue } from '../jobs/enqueue.ts'

const TAKE_DOWN_TARGETS = ['ITEM', 'ICON_SET', 'FAMILY', 'VENDOR'] as const

/** The target of a take-down: an item, or all current and future items of a set, family or vendor. */
export interface TakeDownTarget {
  readonly type: (typeof TAKE_DOWN_TARGETS)[number]
  readonly id: number
}

const REASON_MAX = 500
/**
 * Hides the target immediately (410, status GONE), and queues the job that deletes its pictures and purges the CDN. Returns the receipt's
 * id. If it is already taken down, returns the existing receipt, and retries its job if that failed or left something to do. Throws
 * NOT_FOUND, or BAD_INPUT for the reason.
 */
export async function takeDown({ pg }: { pg: Pg }, target: TakeDownTarget, reason: string): Promise<number> {
  const text = reason.trim()
  if (text.length === 0 || text.length > REASON_MAX)
    throw new AppError('BAD_INPUT', `reason has ${text.length} characters; 1 to ${REASON_MAX} are allowed.`)
  return await inTransaction(pg, async (client) => {
    const isThere = await execute(client, query.selectFrom(TABLES[target.type]).where('id', '=', target.id))
    if (!isThere) throw new AppError('NOT_FOUND', `There is no ${NAMES[target.type]} ${target.id}.`)
    const active = await fetchFirst(
      client,
      query
        .insertInto('take_down')
        .values({ target_type: target.type, target_id: target.id, reason: text })
        .onConflict((known) =>
          known
            .columns(['target_type', 'target_id'])
            .where('restored_at', 'is', null)
            .doUpdateSet((eb) => ({ target_id: eb.ref('excluded.target_id') })),
        )
        .returning(['id', 'status', 'note']),
    )
    if (!active) throw new Error('a take-down gave no row')
    if (active.status !== 'COMPLETED' || active.note !== null) {
      const again = query
        .updateTable('take_down')
        .set({ status: 'QUEUED', note: null, error: null, finished_at: null })
        .where('id', '=', active.id)
      await execute(client, again.where('status', '<>', 'RUNNING'))
      await enqueue(client, 'take_down', { takeDownId: active.id, recheck: false })
    }
    return active.id
  })
}

/**
 * Shows what a take-down hid, except what another one still hides; returns the receipt's id. A job in progress ends after its current
 * batch. Pictures are made again on their first request: a cached 410 expires within its minute, so nothing is purged. Throws NOT_FOUND
 * if nothing is taken down.
 * @param which the target, or the take-down itself
 */
export async function restore({ pg }: { pg: Pg }, which: TakeDownTarget | { takeDownId: number }): Promise<number> {
  const byId = 'takeDownId' in which
  const restoring = query
    .updateTable('take_down')
    .set({ status: 'RESTORED', restored_at: now })
    .where('restored_at', 'is', null)
    .returning('id')
  const restored = await fetchFirst(
    pg,
    'takeDownId' in which
      ? restoring.where('id', '=', which.takeDownId)
      : restoring.where('target_id', '=', which.id).where('target_type', '=', which.type),
  )
  if (restored) return restored.id
  const named = byId
    ? `take-down ${which.takeDownId} does not exist or was restored already`
    : `${NAMES[which.type]} ${which.id} is not taken down`
  throw new AppError(
    'NOT_FOUND',
    `Nothing to restore: ${named}; restore a take-down of a part of it by that part's id.`,
  )
}

const TABLES = { ITEM: 'item', ICON_SET: 'icon_set', FAMILY: 'family', VENDOR: 'vendor' } as const
const NAMES = { ITEM: 'item', ICON_SET: 'icon set', FAMILY: 'family', VENDOR: 'vendor' } as const
