import { inTransaction, type Pg, type Prisma } from '../catalogue/database.ts'
import { findWork } from '../catalogue/find-work.ts'
import type { Presets } from '../variant.ts'
import { addJob, BACKFILL_CHANNEL, finishIfDone } from './backfills.ts'
import { orderOf } from './order.ts'

/** Items of a chunk: some seconds of work, so that progress is fine-grained and little is repeated after a crash. */
export const CHUNK_ITEMS = 200
const LAST_ID = 2 ** 31 - 1

/**
 * Cuts a backfill's scope into chunks by keyset, each with its job in one transaction, then opens it.
 * Run again after a crash it goes on behind the last chunk.
 */
export async function planBackfill(
  app: { pg: Pg; prisma: Prisma; presets: Presets },
  backfillId: number,
): Promise<void> {
  const backfill = await app.prisma.backfill.findUnique({ where: { id: backfillId } })
  if (backfill?.status !== 'PLANNING') return
  const order = orderOf(app.presets, backfill)
  const last = await app.prisma.backfillChunk.aggregate({ where: { backfillId }, _max: { toItemId: true } })
  for (let afterId = last._max.toItemId ?? 0; ; ) {
    const work = await findWork(app.pg, order, { afterId, toId: LAST_ID, limit: CHUNK_ITEMS })
    const toId = work.at(-1)?.itemId
    if (toId === undefined) break
    await inTransaction(app.pg, async (client) => {
      const { rows } = await client.query(
        `insert into backfill_chunk (backfill_id, from_item_id, to_item_id, total_items) values ($1, $2, $3, $4) returning id`,
        [backfillId, afterId + 1, toId, work.length],
      )
      await addJob(client, 'run_chunk', { chunkId: rows[0].id })
      await client.query('select pg_notify($1, $2)', [BACKFILL_CHANNEL, String(backfillId)])
    })
    afterId = toId
  }
  await inTransaction(app.pg, async (client) => {
    await client.query(
      `update backfill set status = 'RUNNING', started_at = now() where id = $1 and status = 'PLANNING'`,
      [backfillId],
    )
    await finishIfDone(client, backfillId)
  })
}
