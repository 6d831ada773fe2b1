import type { PoolClient } from 'pg'
import type { Backfill } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { recordEvents } from '../webhooks/outbox.ts'
import { readProgress } from './progress.ts'
import { type BackfillRequest, fingerprintOf } from './request.ts'

/** The channel on which every visible change is notified; the payload is the backfill's id. */
export const BACKFILL_CHANNEL = 'afterimage_backfill'
/** The channel on which a pause and a cancellation are notified as well, so that workers stop at once. */
export const HALT_CHANNEL = 'afterimage_backfill_halt'

/** A lower number runs first. Requests and ingestion will outrank a backfill. */
const PRIORITY = 100

export interface Db {
  readonly pg: Pg
  readonly prisma: Prisma
}

/** Starts a backfill and its plan job in one transaction, or returns the unfinished one with the same request. */
export async function startBackfill({ pg, prisma }: Db, request: BackfillRequest): Promise<Backfill> {
  const { scope, mode, presets, formats, previews = false } = request
  const id = await inTransaction(pg, async (client) => {
    // The update changes nothing: it makes `returning` give the existing row, and locks it.
    const { rows } = await client.query(
      `insert into backfill (mode, presets, formats, vendor_id, family_id, icon_set_id, fingerprint, previews, is_composed)
       values ($1::backfill_mode, $2, $3::image_format[], $4, $5, $6, $7, $8, not $8)
       on conflict (fingerprint) where status in ('PLANNING', 'RUNNING', 'PAUSED')
         do update set fingerprint = excluded.fingerprint
       returning id, xmax = 0 as is_new`,
      [mode, presets, formats, scope.vendorId, scope.familyId, scope.iconSetId, fingerprintOf(request), previews],
    )
    if (rows[0].is_new) await addJob(client, 'plan_backfill', { backfillId: rows[0].id })
    return rows[0].id as number
  })
  return await prisma.backfill.findUniqueOrThrow({ where: { id } })
}

/** Cancels: renders in progress are finished and kept, nothing new begins. A finished backfill stays as it is. */
export async function cancelBackfill({ pg, prisma }: Db, id: number): Promise<Backfill> {
  await pg.query(
    `with canceled as (
       update backfill set status = 'CANCELED', finished_at = now()
       where id = $1 and status in ('PLANNING', 'RUNNING', 'PAUSED') returning id
     )
     select pg_notify($2, id::text), pg_notify($3, id::text) from canceled`,
    [id, BACKFILL_CHANNEL, HALT_CHANNEL],
  )
  return await findBackfill(prisma, id)
}

/** Throws NOT_FOUND. */
export async function findBackfill(prisma: Prisma, id: number): Promise<Backfill> {
  const backfill = await prisma.backfill.findUnique({ where: { id } })
  if (!backfill) throw new AppError('NOT_FOUND', `There is no backfill ${id}.`)
  return backfill
}

/**
 * Queues a job within the caller's transaction, unless the same one is queued already.
 * @param payload the id, which makes it the same job, and `waitS`: not before so many seconds
 */
export async function addJob(
  client: Pg | PoolClient,
  task: 'plan_backfill' | 'run_chunk' | 'compose_backfill',
  payload: Readonly<Record<string, number>>,
): Promise<void> {
  const { waitS = 0, ...ids } = payload
  await client.query(
    `select graphile_worker.add_job($1, payload => $2::json, priority => $3, job_key => $4,
       run_at => now() + make_interval(secs => $5))`,
    [task, JSON.stringify(payload), PRIORITY, `${task}:${Object.values(ids).join()}`, waitS],
  )
}

/**
 * Ends the backfill when all of its chunks have been created and are done, and records the event for the webhooks; one with
 * previews composes them first. The last step of the caller's transaction; the row's lock serialises the last two chunks.
 */
export async function finishIfDone(client: PoolClient, backfillId: number): Promise<void> {
  const { rows } = await client.query(
    `select status, not is_composed and ${ALL_MADE} as is_next from backfill where id = $1 for update`,
    [backfillId],
  )
  if (rows[0]?.status !== 'RUNNING') return
  if (rows[0].is_next) await addJob(client, 'compose_backfill', { backfillId })
  const { rows: finished } = await client.query<{ status: string; mode: string }>(
    `update backfill set finished_at = now(), status = case
       when exists (select from backfill_chunk where backfill_id = $1 and status = 'FAILED') then 'FAILED'::backfill_status
       else 'COMPLETED' end
     where id = $1 and is_composed and ${ALL_MADE} returning status, mode`,
    [backfillId],
  )
  await client.query('select pg_notify($1, $2)', [BACKFILL_CHANNEL, String(backfillId)])
  const [ended] = finished
  if (!ended) return
  const [progress] = await readProgress(client, [backfillId])
  const { itemsPerSecond, etaSeconds, ...totals } = progress ?? {}
  // As GraphQL names it.
  const backfill = Buffer.from(`Backfill:${backfillId}`).toString('base64')
  await recordEvents(client, [{ type: 'backfill.completed', family: null, data: { backfill, ...ended, ...totals } }])
}

/** SQL: no chunk of backfill $1 is left, and none will come. */
const ALL_MADE = `is_cut and not exists (select from backfill_chunk where backfill_id = $1 and status = 'PENDING')`
