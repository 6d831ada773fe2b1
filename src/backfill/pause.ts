import type { Backfill } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import { inTransaction } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueue, enqueueAll } from '../jobs/enqueue.ts'
import { BACKFILL_CHANNEL, type Db, findBackfill, finishIfDone, HALT_CHANNEL, readStatus } from './backfills.ts'
import { createChunks, RANKS } from './plan.ts'

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

/**
 * Pauses the backfills whose time is over, with a sentence that says so; their chunks stop by themselves at that moment. Any number of
 * workers may call it.
 */
export async function pauseOverdue({ pg }: Pick<Db, 'pg'>): Promise<void> {
  await inTransaction(pg, async (client) => {
    for (const { id } of await PAUSE_OVERDUE.all(client)) {
      await notify(client, BACKFILL_CHANNEL, String(id))
      await notify(client, HALT_CHANNEL, String(id))
    }
  })
}

const PAUSE_OVERDUE = statement({
  name: 'pause-overdue-backfills',
  text: `
    update backfill set status = 'PAUSED',
      error = 'It was not done by ' || to_char(not_after at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ', its notAfter: resume it to continue without that limit, or cancel it.'
    where status in ('PLANNING', 'RUNNING') and not_after <= now() returning id`,
  columns: { id: 'int4' },
})

/** Resumes a paused backfill where it stopped, without the time limit that it exceeded. Has no effect on one that is not paused. Throws BAD_INPUT if it has finished. */
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
    const rank = RANKS[resumed.priority]
    const chunks = query.selectFrom('backfill_chunk').select('id').where('backfill_id', '=', id)
    const open = await fetchAll(client, chunks.where('status', '=', 'PENDING'))
    await enqueueAll(
      client,
      'run_chunk',
      open.map((chunk) => ({ payload: { chunkId: chunk.id, rank } })),
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
    update backfill set status = case when started_at is null then 'PLANNING'::backfill_status else 'RUNNING' end,
      error = null, not_after = case when not_after > now() then not_after end
    where id = :id and status = 'PAUSED' returning status, priority`,
  parameters: { id: 'int4' },
  columns: { status: 'backfill_status', priority: 'backfill_priority' },
})
