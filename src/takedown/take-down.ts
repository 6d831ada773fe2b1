import type { PoolClient } from 'pg'
import { AppError } from '../core/errors.ts'
import type { Pg } from '../db/database.ts'
import { inTransaction } from '../db/database.ts'

export const TAKE_DOWN_TARGETS = ['ITEM', 'ICON_SET', 'FAMILY', 'VENDOR'] as const

/** What is taken down: an item, or all that a set, family or vendor has and will get. */
export interface TakeDownTarget {
  readonly type: (typeof TAKE_DOWN_TARGETS)[number]
  readonly id: number
}

export const REASON_MAX = 500
/** Before everything else in the queue: a court does not wait for a backfill. */
const PRIORITY = 0

/**
 * Hides the target from the moment this returns (410, status GONE), and queues the job that deletes its pictures and
 * purges the CDN. Returns the receipt's id. What is taken down already stays as it is; where its job failed or left
 * something to do, it is tried again now. Throws NOT_FOUND, or BAD_INPUT for the reason.
 */
export async function takeDown({ pg }: { pg: Pg }, target: TakeDownTarget, reason: string): Promise<number> {
  const text = reason.trim()
  if (text.length === 0 || text.length > REASON_MAX)
    throw new AppError('BAD_INPUT', `reason has ${text.length} characters; it takes 1 to ${REASON_MAX}.`)
  return await inTransaction(pg, async (client) => {
    const { rowCount } = await client.query(`select from ${TABLES[target.type]} where id = $1`, [target.id])
    if (rowCount === 0) throw new AppError('NOT_FOUND', `There is no ${NAMES[target.type]} ${target.id}.`)
    const { rows } = await client.query<{ id: number; status: string; note: string | null }>(
      `insert into take_down (target_type, target_id, reason) values ($1::take_down_target, $2, $3)
       on conflict (target_type, target_id) where restored_at is null do update set target_id = excluded.target_id
       returning id, status, note`,
      [target.type, target.id, text],
    )
    const [active] = rows
    if (!active) throw new Error('a take-down gave no row')
    if (active.status !== 'COMPLETED' || active.note !== null) {
      await client.query(
        `update take_down set status = 'QUEUED', note = null, error = null, finished_at = null
         where id = $1 and status <> 'RUNNING'`,
        [active.id],
      )
      await queueTakeDown(client, active.id)
    }
    return active.id
  })
}

/**
 * Shows what a take-down hid, except what another one hides as well; returns the receipt's id. A job in progress ends after
 * its current batch. Pictures are made again on their first request: a cached 410 expires within its minute, so nothing is
 * purged. Throws NOT_FOUND when nothing is taken down.
 * @param which the target, or the take-down itself
 */
export async function restore({ pg }: { pg: Pg }, which: TakeDownTarget | { takeDownId: number }): Promise<number> {
  const byId = 'takeDownId' in which
  const { rows } = await pg.query<{ id: number }>(
    `update take_down set status = 'RESTORED', restored_at = now()
     where restored_at is null and ${byId ? 'id = $1' : 'target_id = $1 and target_type = $2::take_down_target'}
     returning id`,
    byId ? [which.takeDownId] : [which.id, which.type],
  )
  if (rows[0]) return rows[0].id
  const named = byId
    ? `take-down ${which.takeDownId} is not there, or restored already`
    : `${NAMES[which.type]} ${which.id} is not taken down`
  throw new AppError(
    'NOT_FOUND',
    `Nothing to restore: ${named}; restore a take-down of a part of it by that part's id.`,
  )
}

/**
 * Puts a take-down's job into the queue, in the place of one that waits there.
 * @param options.recheck the second look, after what was on its way has arrived
 */
export async function queueTakeDown(client: Pg | PoolClient, id: number, { recheck = false } = {}): Promise<void> {
  await client.query(
    `select graphile_worker.add_job('take_down', payload => $1::json, priority => $2, job_key => $3,
       run_at => now() + make_interval(secs => $4))`,
    [
      JSON.stringify({ takeDownId: id, recheck }),
      PRIORITY,
      `take_down:${id}:${recheck}`,
      recheck ? RECHECK_AFTER_S : 0,
    ],
  )
}

/** Longer than any answer, upload or queue of ours lasts. */
const RECHECK_AFTER_S = 60

const TABLES = { ITEM: 'item', ICON_SET: 'icon_set', FAMILY: 'family', VENDOR: 'vendor' } as const
const NAMES = { ITEM: 'item', ICON_SET: 'icon set', FAMILY: 'family', VENDOR: 'vendor' } as const
