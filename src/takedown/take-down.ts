import { sql } from 'kysely'
import { AppError } from '../core/errors.ts'
import type { Pg } from '../db/database.ts'
import { inTransaction } from '../db/database.ts'
import { execute, fetchFirst, now, query } from '../db/query.ts'
import type { Queryable } from '../db/statement.ts'
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
 * @param options.byOperator then its vendor cannot restore it
 */
export async function takeDown(
  { pg }: { pg: Pg },
  target: TakeDownTarget,
  reason: string,
  { byOperator = true }: { byOperator?: boolean } = {},
): Promise<number> {
  const text = reason.trim()
  if (text.length === 0 || text.length > REASON_MAX)
    throw new AppError('BAD_INPUT', `reason has ${text.length} characters; 1 to ${REASON_MAX} are allowed.`)
  return await inTransaction(pg, async (client) => {
    const owner_id = await ownerOf(client, target)
    if (owner_id === null) throw missingTarget(target)
    const active = await fetchFirst(
      client,
      query
        .insertInto('take_down')
        .values({ target_type: target.type, target_id: target.id, reason: text, owner_id, by_operator: byOperator })
        .onConflict((known) =>
          known
            .columns(['target_type', 'target_id', 'kind'])
            .where('restored_at', 'is', null)
            .doUpdateSet({ by_operator: sql<boolean>`take_down.by_operator or excluded.by_operator` }),
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

/** The id of the vendor that a target belongs to; null if there is no such target. */
export async function ownerOf(db: Queryable, { type, id }: TakeDownTarget): Promise<number | null> {
  const found =
    type === 'VENDOR'
      ? query.selectFrom('vendor').select('id as ownerId').where('id', '=', id)
      : query.selectFrom(TABLES[type]).select('vendor_id as ownerId').where('id', '=', id)
  return (await fetchFirst(db, found))?.ownerId ?? null
}

/**
 * Shows what a take-down hid, except what another one still hides; returns the receipt's id. A job in progress ends after its current
 * batch. Pictures are made again on their first request: a cached 410 expires within its minute, so nothing is purged. Throws NOT_FOUND
 * if nothing is taken down, FORBIDDEN if the vendor wants to restore what an operator took down.
 * @param which the target, or the take-down itself
 * @param options.vendorId the vendor that asks; null: an operator
 */
export async function restore(
  { pg }: { pg: Pg },
  which: TakeDownTarget | { takeDownId: number },
  { vendorId = null }: { vendorId?: number | null } = {},
): Promise<number> {
  const restoring = query
    .updateTable('take_down')
    .set({ status: 'RESTORED', restored_at: now })
    .where('restored_at', 'is', null)
    .where('kind', '=', 'TAKE_DOWN')
    .returning(['id', 'owner_id as ownerId', 'by_operator as byOperator'])
  const ofTarget =
    'takeDownId' in which
      ? restoring.where('id', '=', which.takeDownId)
      : restoring.where('target_id', '=', which.id).where('target_type', '=', which.type)
  return await inTransaction(pg, async (client) => {
    const restored = await fetchFirst(client, ofTarget)
    // What is thrown here undoes it.
    if (!restored || (vendorId !== null && restored.ownerId !== vendorId)) throw nothingToRestore(which)
    if (vendorId !== null && restored.byOperator)
      throw new AppError('FORBIDDEN', 'An operator took it down: only an operator can restore it.')
    return restored.id
  })
}

function nothingToRestore(which: TakeDownTarget | { takeDownId: number }): AppError {
  const named =
    'takeDownId' in which
      ? `take-down ${which.takeDownId} does not exist or was restored already`
      : `${NAMES[which.type]} ${which.id} is not taken down`
  return new AppError(
    'NOT_FOUND',
    `Nothing to restore: ${named}; restore a take-down of a part of it by that part's id.`,
  )
}

export const missingTarget = ({ type, id }: TakeDownTarget) =>
  new AppError('NOT_FOUND', `There is no ${NAMES[type]} ${id}.`)

const TABLES = { ITEM: 'item', ICON_SET: 'icon_set', FAMILY: 'family' } as const
const NAMES = { ITEM: 'item', ICON_SET: 'icon set', FAMILY: 'family', VENDOR: 'vendor' } as const
