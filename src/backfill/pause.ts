import type { Backfill } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import { inTransaction } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueue, enqueueAll } from '../jobs/enqueue.ts'
import { BACKFILL_CHANNEL, type Db, findBackfill, finishIfDone, HALT_CHANNEL, readStatus } from './backfills.ts'
import { createChunks } from './plan.ts'

/**
 * Pauses: renders in progress are finished and kept, and no worker starts others. Has no effect on a paused backfill. Throws BAD_INPUT if
 * it has finished.
 */
export async function pauseBackfill({ pg, prisma }: Db, id: number): Promise<Backfill> {
  await inTransaction(pg, async (client) => {
    const open = query.updateTable('backfill').set({ status: 'PAUSED' }).where('id', '=', id)
    if ((await execute(client, open.where('status', 'in', ['PLANNING', 'RUNNING']))) === 0) {
      const status = await readStatus(client, id)
      if (status === 'PAUSED') return
      throw new AppError('BAD_INPUT', `Backfill ${id} is ${status}: only an unfinished one can be paused.`)
    }
    await notify(client, BACKFILL_CHANNEL, String(id))
    await notify(client, HALT_CHANNEL, String(id))
  })
  return await findBackfill(prisma, id)
}

/** Resumes a paused backfill where it stopped. Has no effect on one that is not paused. Throws BAD_INPUT if it has finished. */
export async function resumeBackfill(app: Db & Parameters<typeof createChunks>[1], id: number): Promise<Backfill> {
  const { pg, prisma } = app
  await inTransaction(pg, async (client) => {
    const resumed = await RESUME.get(client, { id })
    if (!resumed) {
      const status = await readStatus(client, id)
      if (status === 'PLANNING' || status === 'RUNNING') return
      throw new AppError('BAD_INPUT', `Backfill ${id} is ${status}: only a paused one can be resumed.`)
    }
    if (resumed.status === 'PLANNING') await enqueue(client, 'plan_backfill', { backfillId: id })
    const chunks = query.selectFrom('backfill_chunk').select('id').where('backfill_id', '=', id)
    const open = await fetchAll(client, chunks.where('status', '=', 'PENDING'))
    await enqueueAll(
      client,
      'run_chunk',
      open.map((chunk) => ({ payload: { chunkId: chunk.id } })),
    )
    await createChunks(client, app, id)
    await finishIfDone(client, id)
    await notify(client, BACKFILL_CHANNEL, String(id))
  })
  return await findBackfill(prisma, id)
}

const RESUME = statement({
  name: 'resume-backfill',
  text: `
    update backfill set status = case when started_at is null then 'PLANNING'::backfill_status else 'RUNNING' end
    where id = :id and status = 'PAUSED' returning status`,
  parameters: { id: 'int4' },
  columns: { status: 'backfill_status' },
})
