import type { Backfill } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import type { Presets } from '../core/variant.ts'
import { inTransaction } from '../db/database.ts'
import { addJob, BACKFILL_CHANNEL, type Db, findBackfill, finishIfDone, HALT_CHANNEL } from './backfills.ts'
import { createChunks } from './plan.ts'

/**
 * Pauses: renders in progress are finished and kept, nothing new begins on any worker. A paused backfill stays as it is.
 * Throws BAD_INPUT when it has finished.
 */
export async function pauseBackfill({ pg, prisma }: Db, id: number): Promise<Backfill> {
  await pg.query(
    `with paused as (
       update backfill set status = 'PAUSED' where id = $1 and status in ('PLANNING', 'RUNNING') returning id
     )
     select pg_notify($2, id::text), pg_notify($3, id::text) from paused`,
    [id, BACKFILL_CHANNEL, HALT_CHANNEL],
  )
  const backfill = await findBackfill(prisma, id)
  if (backfill.status !== 'PAUSED')
    throw new AppError('BAD_INPUT', `Backfill ${id} is ${backfill.status}: only an unfinished one can be paused.`)
  return backfill
}

/** Resumes a paused backfill where it was. One that is not paused stays as it is. Throws BAD_INPUT when it has finished. */
export async function resumeBackfill(
  { pg, prisma, presets }: Db & { readonly presets: Presets },
  id: number,
): Promise<Backfill> {
  await inTransaction(pg, async (client) => {
    const { rows } = await client.query(
      `update backfill set status = case when started_at is null then 'PLANNING'::backfill_status else 'RUNNING' end
       where id = $1 and status = 'PAUSED' returning status`,
      [id],
    )
    if (!rows[0]) return
    if (rows[0].status === 'PLANNING') await addJob(client, 'plan_backfill', { backfillId: id })
    const open = await client.query(`select id from backfill_chunk where backfill_id = $1 and status = 'PENDING'`, [id])
    for (const chunk of open.rows) await addJob(client, 'run_chunk', { chunkId: chunk.id })
    await createChunks(client, { presets, backfillId: id })
    await finishIfDone(client, id)
    await client.query('select pg_notify($1, $2)', [BACKFILL_CHANNEL, String(id)])
  })
  const backfill = await findBackfill(prisma, id)
  if (backfill.status !== 'PLANNING' && backfill.status !== 'RUNNING')
    throw new AppError('BAD_INPUT', `Backfill ${id} is ${backfill.status}: only a paused one can be resumed.`)
  return backfill
}
